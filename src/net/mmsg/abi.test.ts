import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  C,
  CMSGHDR,
  IN_PKTINFO,
  IN6_PKTINFO,
  IOVEC,
  MMSGHDR,
  POLLFD,
  SOCK_EXTENDED_ERR,
  SOCK_FILTER,
  SOCK_FPROG,
  SOCKADDR_IN,
  SOCKADDR_IN6,
  TIMESPEC,
} from './abi.ts'

const HEADERS = [
  'stdio.h',
  'stddef.h',
  'errno.h',
  'poll.h',
  'time.h',
  'sys/socket.h',
  'sys/uio.h',
  'netinet/in.h',
  'linux/filter.h',
  'linux/errqueue.h',
]

/** Expression of C and what abi.ts says it is. */
const expectations = (): [string, number][] => {
  const rows: [string, number][] = Object.entries(C)
  const struct = (
    type: string,
    layout: { readonly size: number },
    members: Readonly<Record<string, string>>,
  ): void => {
    rows.push([`sizeof(${type})`, layout.size])
    for (const [key, member] of Object.entries(members)) {
      rows.push([
        `offsetof(${type}, ${member})`,
        (layout as Readonly<Record<string, number>>)[key] ?? assert.fail(key),
      ])
    }
  }
  struct('struct mmsghdr', MMSGHDR, {
    name: 'msg_hdr.msg_name',
    namelen: 'msg_hdr.msg_namelen',
    iov: 'msg_hdr.msg_iov',
    iovlen: 'msg_hdr.msg_iovlen',
    control: 'msg_hdr.msg_control',
    controllen: 'msg_hdr.msg_controllen',
    flags: 'msg_hdr.msg_flags',
    len: 'msg_len',
  })
  struct('struct iovec', IOVEC, { base: 'iov_base', len: 'iov_len' })
  struct('struct pollfd', POLLFD, { fd: 'fd', events: 'events', revents: 'revents' })
  struct('struct cmsghdr', CMSGHDR, { len: 'cmsg_len', level: 'cmsg_level', type: 'cmsg_type' })
  rows.push(['(int)((char *)CMSG_DATA((struct cmsghdr *)0) - (char *)0)', CMSGHDR.data])
  struct('struct in_pktinfo', IN_PKTINFO, {
    ifindex: 'ipi_ifindex',
    specDst: 'ipi_spec_dst',
    addr: 'ipi_addr',
  })
  struct('struct in6_pktinfo', IN6_PKTINFO, { addr: 'ipi6_addr', ifindex: 'ipi6_ifindex' })
  struct('struct sockaddr_in', SOCKADDR_IN, {
    family: 'sin_family',
    port: 'sin_port',
    addr: 'sin_addr',
  })
  struct('struct sockaddr_in6', SOCKADDR_IN6, {
    family: 'sin6_family',
    port: 'sin6_port',
    flowinfo: 'sin6_flowinfo',
    addr: 'sin6_addr',
    scopeId: 'sin6_scope_id',
  })
  struct('struct sock_extended_err', SOCK_EXTENDED_ERR, {
    errno: 'ee_errno',
    origin: 'ee_origin',
    type: 'ee_type',
    code: 'ee_code',
  })
  struct('struct sock_filter', SOCK_FILTER, { code: 'code', jt: 'jt', jf: 'jf', k: 'k' })
  struct('struct sock_fprog', SOCK_FPROG, { len: 'len', filter: 'filter' })
  struct('struct timespec', TIMESPEC, { sec: 'tv_sec', nsec: 'tv_nsec' })
  return rows
}

const hasCompiler =
  process.platform === 'linux' &&
  spawnSync('cc', ['--version'], { stdio: 'ignore' }).error === undefined

test('layouts and constants are those of the C compiler', {
  skip: hasCompiler ? false : 'no C compiler, or not Linux',
}, () => {
  const rows = expectations()
  const folder = mkdtempSync(join(tmpdir(), 'shardns-abi-'))
  try {
    const includes = HEADERS.map(name => `#include <${name}>`).join('\n')
    const prints = rows.map(([expression]) => `printf("%ld\\n", (long)(${expression}));`).join('\n')
    writeFileSync(
      join(folder, 'abi.c'),
      `#define _GNU_SOURCE\n${includes}\nint main(void) {\n${prints}\nreturn 0;\n}\n`,
    )
    const built = spawnSync('cc', ['-o', join(folder, 'abi'), join(folder, 'abi.c')], {
      encoding: 'utf8',
    })
    assert.equal(built.status, 0, built.stderr)
    const said = spawnSync(join(folder, 'abi'), { encoding: 'utf8' })
      .stdout.trim()
      .split('\n')
      .map(Number)
    assert.deepEqual(
      rows.map(([expression], k) => [expression, said[k]]),
      rows,
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
