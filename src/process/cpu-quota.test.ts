import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cpuQuota } from './cpu-quota.ts'

const V1 = '4:memory:/x\n3:cpu,cpuacct:/kubepods/pod1/c1\n0::/x\n'

const machines: { rule: string; files: Record<string, string>; quota: number | undefined }[] = [
  { rule: 'no control groups', files: {}, quota: undefined },
  {
    rule: 'v2 in a container',
    files: { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '10000 100000\n' },
    quota: 0.1,
  },
  {
    rule: 'v2 without a limit',
    files: { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': 'max 100000\n' },
    quota: undefined,
  },
  { rule: 'v2 without the controller', files: { '/proc/self/cgroup': '0::/\n' }, quota: undefined },
  {
    rule: 'v2, a group in a group: the smallest counts',
    files: {
      '/proc/self/cgroup': '0::/system.slice/dns.service\n',
      '/sys/fs/cgroup/system.slice/dns.service/cpu.max': 'max 100000\n',
      '/sys/fs/cgroup/system.slice/cpu.max': '150000 100000\n',
      '/sys/fs/cgroup/cpu.max': '400000 100000\n',
    },
    quota: 1.5,
  },
  {
    rule: "v2 with the host's path: the container's own group is the root",
    files: {
      '/proc/self/cgroup': '0::/../../kubepods/c1\n',
      '/sys/fs/cgroup/cpu.max': '200000 50000\n',
    },
    quota: 4,
  },
  {
    rule: 'v1 on a host',
    files: {
      '/proc/self/cgroup': V1,
      '/sys/fs/cgroup/cpu,cpuacct/kubepods/pod1/c1/cpu.cfs_quota_us': '10000\n',
      '/sys/fs/cgroup/cpu,cpuacct/kubepods/pod1/c1/cpu.cfs_period_us': '100000\n',
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '-1\n',
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
    },
    quota: 0.1,
  },
  {
    rule: "v1 in a container: the host's path is not there",
    files: {
      '/proc/self/cgroup': V1,
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '250000\n',
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
    },
    quota: 2.5,
  },
  {
    rule: 'v1 with the controller alone, or under a link',
    files: {
      '/proc/self/cgroup': '1:cpu:/a\n',
      '/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us': '50000\n',
      '/sys/fs/cgroup/cpu/a/cpu.cfs_period_us': '100000\n',
    },
    quota: 0.5,
  },
  {
    rule: 'v1 without a limit',
    files: {
      '/proc/self/cgroup': V1,
      '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
    },
    quota: undefined,
  },
  {
    rule: 'cpuset and cpuacct are no limits',
    files: { '/proc/self/cgroup': '3:cpuset:/\n2:cpuacct:/\n' },
    quota: undefined,
  },
  {
    rule: 'nonsense',
    files: { '/proc/self/cgroup': 'x\n0::/\n', '/sys/fs/cgroup/cpu.max': 'x y\n' },
    quota: undefined,
  },
]
for (const { rule, files, quota } of machines)
  test(`cpu quota: ${rule}`, () =>
    assert.equal(
      cpuQuota(path => files[path]),
      quota,
    ))
