// BIND: forwards everything, validates nothing, one thread.

import type { Contestant, Place } from './contestant.ts'
import { peer } from './peer.ts'

// With its listen queue of ten, fifty connections at once are left waiting for a second SYN.
const config = ({ port, upstreamPort, folder }: Place): string => `options {
  directory "${folder}";
  pid-file none;
  session-keyfile none;
  managed-keys-directory "${folder}";
  listen-on port ${port} { 127.0.0.1; };
  listen-on-v6 { none; };
  allow-query { 127.0.0.0/8; };
  recursion yes;
  forward only;
  forwarders { 127.0.0.1 port ${upstreamPort}; };
  dnssec-validation no;
  empty-zones-enable no;
  max-cache-size 256m;
  recursive-clients 20000;
  clients-per-query 0;
  max-clients-per-query 0;
  tcp-clients 1000;
  tcp-listen-queue 1000;
  minimal-responses yes;
  querylog no;
};
controls { };
logging { category default { null; }; };
`

export const named = (): Contestant =>
  peer({
    name: 'named',
    program: 'named',
    versionArgs: ['-v'],
    config,
    args: file => ['-f', '-n', '1', '-c', file],
  })
