// The C structures that go to Linux's libc, as offsets into memory, and the numbers of its
// constants. They hold for the 64-bit little-endian machines that Node runs on (x64, arm64; glibc
// and musl); abi.test.ts compares them with what the C compiler of the machine says.
//
//   struct mmsghdr   0 name*   8 namelen u32   16 iov*   24 iovlen u64   32 control*
//                    40 controllen u64   48 flags i32   56 len u32   (64)
//   struct iovec     0 base*   8 len u64   (16)
//   struct pollfd    0 fd i32   4 events i16   6 revents i16   (8)
//   struct cmsghdr   0 len u64   8 level i32   12 type i32   16 data   (16)
//     IP_PKTINFO     0 ifindex i32   4 spec_dst   8 addr   (12)
//     IPV6_PKTINFO   0 addr (16)   16 ifindex u32   (20)
//   sockaddr_in      0 family u16   2 port, network order   4 addr   (16)
//   sockaddr_in6     0 family u16   2 port, network order   4 flowinfo   8 addr   24 scope   (28)
//   sock_extended_err 0 errno u32   4 origin u8   5 type u8   6 code u8   8 info u32   12 data (16)
//   struct sock_filter   0 code u16   2 jt u8   3 jf u8   4 k u32   (8)
//   struct sock_fprog    0 len u16   8 filter*   (16)

export const MMSGHDR = {
  size: 64,
  name: 0,
  namelen: 8,
  iov: 16,
  iovlen: 24,
  control: 32,
  controllen: 40,
  flags: 48,
  len: 56,
} as const
export const IOVEC = { size: 16, base: 0, len: 8 } as const
export const POLLFD = { size: 8, fd: 0, events: 4, revents: 6 } as const
export const CMSGHDR = { size: 16, len: 0, level: 8, type: 12, data: 16 } as const
export const IN_PKTINFO = { size: 12, ifindex: 0, specDst: 4, addr: 8 } as const
export const IN6_PKTINFO = { size: 20, addr: 0, ifindex: 16 } as const
export const SOCKADDR_IN = { size: 16, family: 0, port: 2, addr: 4 } as const
export const SOCKADDR_IN6 = {
  size: 28,
  family: 0,
  port: 2,
  flowinfo: 4,
  addr: 8,
  scopeId: 24,
} as const
export const SOCK_EXTENDED_ERR = { size: 16, errno: 0, origin: 4, type: 5, code: 6 } as const
export const SOCK_FILTER = { size: 8, code: 0, jt: 2, jf: 3, k: 4 } as const
export const SOCK_FPROG = { size: 16, len: 0, filter: 8 } as const
export const TIMESPEC = { size: 16, sec: 0, nsec: 8 } as const

/** Numbers of <sys/socket.h>, <netinet/in.h>, <poll.h>, <errno.h> and <time.h>. */
export const C = {
  AF_INET: 2,
  AF_INET6: 10,
  SOCK_STREAM: 1,
  SOCK_DGRAM: 2,
  SOCK_NONBLOCK: 0o4000,
  SOCK_CLOEXEC: 0o2000000,
  SOL_SOCKET: 1,
  SO_REUSEADDR: 2,
  SO_SNDBUF: 7,
  SO_RCVBUF: 8,
  SO_REUSEPORT: 15,
  SO_ATTACH_FILTER: 26,
  SO_ATTACH_REUSEPORT_CBPF: 51,
  SO_DETACH_REUSEPORT_BPF: 68,
  SHUT_RDWR: 2,
  IPPROTO_IP: 0,
  IPPROTO_IPV6: 41,
  IP_PKTINFO: 8,
  IP_RECVERR: 11,
  IP_MTU_DISCOVER: 10,
  IP_PMTUDISC_OMIT: 5,
  IPV6_RECVERR: 25,
  IPV6_V6ONLY: 26,
  IPV6_MTU_DISCOVER: 23,
  IPV6_PMTUDISC_OMIT: 5,
  IPV6_RECVPKTINFO: 49,
  IPV6_PKTINFO: 50,
  MSG_DONTWAIT: 0x40,
  MSG_ERRQUEUE: 0x2000,
  SO_EE_ORIGIN_ICMP: 2,
  SO_EE_ORIGIN_ICMP6: 3,
  POLLIN: 1,
  CLOCK_MONOTONIC: 1,
  EINTR: 4,
  EAGAIN: 11,
  ENOMEM: 12,
  ENOBUFS: 105,
} as const

/**
 * An IPv4-mapped IPv6 address begins with two words of zeros and this one: 0xffff in network order.
 */
export const MAPPED_WORD = 0xffff_0000 | 0
