// Bars that no row tries, and why.

export const UNTRIED: Readonly<Record<string, string>> = {
  'R-01b':
    'the kernel draws each port for itself; there is no partition by shard that could be measured',
  'R-11': 'there are no cookies: options of a client that no plugin handles do not come back',
  'R-20':
    'sizes follow the client, as with CoreDNS; there is no limit on the rate of replies (security.md)',
  'R-30': 'there is no listener for DNS over HTTPS',
  'R-31': 'there is no listener for DNS over TLS',
  'R-44':
    'loss and damage on the way to an upstream take a proxy that does not exist yet; damaged replies are in R-02',
  'R-54': 'there are no zone transfers',
  'R-63a': 'time is an argument of each part, but no clock can be put into the whole server',
  'R-63b': 'eight hours are more than a run of this has',
  'R-63k': 'measured by `npm run bench -- kubernetes` (benchmarks.md)',
}
