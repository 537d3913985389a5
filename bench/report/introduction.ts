// What docs/benchmarks.md says before its figures.

export const INTRODUCTION = `# Benchmarks

Written by \`npm run bench -- --write-docs\` from \`bench/figures.json\`, which keeps the newest run of each scenario. The raw rounds
stand in \`bench/results/\`, which git ignores.

![What CoreDNS and Unbound take, as a multiple of what shardns takes](overview.svg)

![CPU time per query of all servers, as a multiple of what shardns takes](benchmarks.svg)

## How it is measured

dnsperf asks; nsd is the upstream of every server. The server has one CPU to itself; dnsperf, nsd and the suite share another. Each
server runs with one thread, a cache that holds all names, and no logging. The rounds are interleaved (A B C A B C), and the cache is
filled before each measurement. Figures are medians over the rounds; \`lost\` is the worst round. A ratio is taken within each round; what
is shown is the median of these ratios and, in brackets, the lowest and the highest.

CPU µs/q is the CPU time of all threads of the server, as the kernel's scheduler counts it, per answered query; user and system are split
by the kernel's clock ticks. It is the figure to compare servers by. q/s is what came through with dnsperf on one CPU: where \`cores busy\`
is well below 1, dnsperf was the limit, not the server. Latencies under full load mostly say how many queries were waiting (200; 500 over
TCP). A handful of lost queries is the burst at the start of a run: not every server lets its receive buffer be set, and the kernel's
default is small. The echoes answer nothing: they send each packet back, and stand for what the socket calls alone cost.

The cluster is a test API server on the load's CPU; every tenth service is headless, and half of all endpoints belong to one service in a
hundred. Start and memory are those of the built package with the usual Corefile of a cluster; \`until ready\` is from the start of the
process until /ready says yes, and the time that the API server takes to answer is a part of it. A change counts as seen when answers over
sixteen sockets at once are all right: that is every shard, but for one chance in 32,768. What answers cost is measured without the cache
plugin, with one shard from the sources, beside the cache hits of the same rounds.

The package is built, packed and installed in a folder of its own, and started by the command that npm links. It keeps its compiled code at
the first start, whose time stands apart as \`the very first\`; all other figures are of later starts. A checkout is started in the same
way. The first answer is that to a query which is repeated every 2 ms from the start of the process, and the CPU time is that of the process
until then. The small pod is a control group with 10 ms of CPU time in each 100 ms and 128 MiB of memory.

The first second begins when /ready says yes: one query in ten is for a name that was never asked, the others are for a hundred names, and
latencies are those of the first 5,000 answers and of the answers from 45,001 to 50,000. At rest all servers stand beside each other and are
asked nothing; \`wakes a second\` counts how often their threads went to sleep. The hosts file is asked without a cache. Commands are timed
from the outside, with the start of their process.

Zone files are measured beside nsd, without cache: CPU and memory of nsd are those of all its processes, and what these share counts once.
`
