// How the bench suite reads what it measures.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { hierarchies, settingsOf } from '../bench/host/limits.ts'
import { readResult } from '../bench/measure/dnsperf.ts'
import { sleepsIn } from '../bench/measure/wakes.ts'

const UNIFIED = 'cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\n'
const HYBRID = `tmpfs /sys/fs/cgroup tmpfs rw 0 0
cgroup /sys/fs/cgroup/cpu cgroup rw,relatime,cpu 0 0
cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0
`
const TOGETHER =
  'cgroup /cg/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0\ncgroup /cg/m cgroup rw,memory 0 0\n'

const HIERARCHIES = [
  {
    rule: 'v2 that hands out both',
    mounts: UNIFIED,
    control: 'cpuset cpu io memory pids\n',
    expected: { version: 2, cpu: '/sys/fs/cgroup', memory: '/sys/fs/cgroup' },
  },
  { rule: 'v2 that hands out no memory', mounts: UNIFIED, control: 'cpu\n', expected: undefined },
  { rule: 'v2 that hands out nothing', mounts: UNIFIED, control: '', expected: undefined },
  {
    rule: 'v1 beside a v2 without controllers',
    mounts: HYBRID,
    control: '',
    expected: { version: 1, cpu: '/sys/fs/cgroup/cpu', memory: '/sys/fs/cgroup/memory' },
  },
  {
    rule: 'v1 with several controllers in one mount',
    mounts: TOGETHER,
    control: '',
    expected: { version: 1, cpu: '/cg/cpu,cpuacct', memory: '/cg/m' },
  },
  { rule: 'none', mounts: 'proc /proc proc rw 0 0\n', control: '', expected: undefined },
  { rule: 'nothing mounted', mounts: '', control: '', expected: undefined },
] as const

test('control groups are made where CPU time and memory are both handed out', async t => {
  for (const { rule, mounts, control, expected } of HIERARCHIES)
    await t.test(rule, () =>
      assert.deepEqual(
        hierarchies(mounts, () => control),
        expected,
      ),
    )
})

test('a pod of a tenth of a CPU and 128 MiB, in both versions', () => {
  const limits = { cpus: 0.1, memoryMiB: 128 }
  assert.deepEqual(settingsOf({ version: 2, cpu: '/c', memory: '/c' }, 'x', limits), [
    ['/c/x/cpu.max', '10000 100000'],
    ['/c/x/memory.max', '134217728'],
  ])
  assert.deepEqual(settingsOf({ version: 1, cpu: '/c', memory: '/m' }, 'x', limits), [
    ['/c/x/cpu.cfs_period_us', '100000'],
    ['/c/x/cpu.cfs_quota_us', '10000'],
    ['/m/x/memory.limit_in_bytes', '134217728'],
  ])
})

test('sleeps are read from the status of a thread', async t => {
  const texts = [
    {
      text: 'Name:\tx\nvoluntary_ctxt_switches:\t42\nnonvoluntary_ctxt_switches:\t7\n',
      sleeps: 42,
    },
    { text: 'nonvoluntary_ctxt_switches:\t7\n', sleeps: 0 },
    { text: '', sleeps: 0 },
  ]
  for (const { text, sleeps } of texts)
    await t.test(JSON.stringify(text), () => assert.equal(sleepsIn(text), sleeps))
})

/** Answers after 1, 2, 3 … µs, one that never came in between. */
const SAID = `DNS Performance Testing Tool
> NOERROR n1.test A 0.000001
> T
> NXDOMAIN n2.test A 0.000002
> NOERROR n3.test A 0.000003
> NOERROR n4.test A 0.000004
Statistics:

  Queries sent:         5
  Queries completed:    4 (80.00%)
  Queries lost:         1 (20.00%)

  Response codes:       NOERROR 3 (75.00%), NXDOMAIN 1 (25.00%)
  Run time (s):         0.500000
  Queries per second:   8.000000
`

test('windows of answers are told apart by their order', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'shardns-bench-test-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'said')
  writeFileSync(path, SAID)
  const { latency, windows, sent, lost, rcodes } = readResult(path, [
    [0, 2],
    [2, 4],
    [4, 9],
  ])
  const totals = [latency, ...windows].map(({ total, maxUs }) => [total, maxUs])
  assert.deepEqual(totals, [
    [4, 4],
    [2, 2],
    [2, 4],
    [0, 0],
  ])
  assert.deepEqual(
    { sent, lost, rcodes },
    { sent: 5, lost: 1, rcodes: { NOERROR: 3, NXDOMAIN: 1 } },
  )
})
