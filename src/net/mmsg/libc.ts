// What libc offers through node:ffi. The only importer of that module, which is experimental:
// everything else takes a Libc, and a machine where this cannot be had is served by node:dgram.

import { createRequire } from 'node:module'
import { endianness } from 'node:os'
import { type FillRandom, takeRandomFrom } from '../../base/entropy.ts'

type View = NodeJS.ArrayBufferView

/**
 * Memory whose address libc has. An address keeps nothing alive: code that uses it keeps this
 * object in a field for as long as libc may use the memory.
 */
export class Pinned<V extends View = View> {
  readonly view: V
  readonly address: bigint

  constructor(view: V, address: bigint) {
    this.view = view
    this.address = address
  }
}

/**
 * Calls of the hot path, and memory that points to other memory, take addresses, which come from
 * `pin` only; all other calls take views, and keep them alive themselves. Failures return -1 and
 * set errno.
 */
export interface Libc {
  recvmmsg(fd: number, headers: bigint, count: number, flags: number, timeout: bigint): number
  sendmmsg(fd: number, headers: bigint, count: number, flags: number): number
  poll(fds: bigint, count: bigint, timeoutMs: number): number
  socket(family: number, type: number, protocol: number): number
  bind(fd: number, address: View, length: number): number
  connect(fd: number, address: View, length: number): number
  getsockname(fd: number, address: View, length: View): number
  setsockopt(fd: number, level: number, option: number, value: View, length: number): number
  shutdown(fd: number, how: number): number
  /** The number of an interface, 0 for none; `name` ends with a zero byte. */
  if_nametoindex(name: View): number
  /** Writes the name of an interface into 16 bytes; 0n for none. */
  if_indextoname(index: number, name: View): bigint
  dup(fd: number): number
  close(fd: number): number
  clock_gettime(clock: number, timespec: bigint): number
  uv_backend_fd(loop: bigint): number
  uv_metrics_info(loop: bigint, metrics: bigint): number
  uv_update_time(loop: bigint): void
  uv_backend_timeout(loop: bigint): number
  getrandom(bytes: View, length: bigint, flags: number): bigint
  /** Of this thread's last failed call; read it at once. */
  errno(): number
  /** Where the memory of a view lies, together with it. Shared memory may be passed. */
  pin<V extends View>(view: V): Pinned<V>
  /** The uv_loop_t of this thread. */
  currentLoop(): bigint
}

/** Returns memory to the system. Not part of Libc, since musl has no malloc_trim. */
export interface MemoryCalls {
  malloc_trim(pad: bigint): number
  madvise(address: bigint, length: bigint, advice: number): number
  getpagesize(): number
  /** Where the memory of a view lies. Shared memory may be passed. */
  addressOf(view: View): bigint
}

type Called = Omit<Libc, 'errno' | 'pin' | 'currentLoop'> & { __errno_location(): bigint }

/** Of node:ffi, which the types of the oldest Node that the package runs on do not know. */
interface Ffi {
  dlopen(library: null, signatures: object): { readonly functions: object }
  getInt32(address: bigint): number
  getRawPointer(view: View): bigint
  getCurrentEventLoop(): bigint
}

const SIGNATURES = {
  recvmmsg: { arguments: ['i32', 'pointer', 'u32', 'i32', 'pointer'], return: 'i32' },
  sendmmsg: { arguments: ['i32', 'pointer', 'u32', 'i32'], return: 'i32' },
  poll: { arguments: ['pointer', 'u64', 'i32'], return: 'i32' },
  socket: { arguments: ['i32', 'i32', 'i32'], return: 'i32' },
  bind: { arguments: ['i32', 'pointer', 'u32'], return: 'i32' },
  connect: { arguments: ['i32', 'pointer', 'u32'], return: 'i32' },
  getsockname: { arguments: ['i32', 'pointer', 'pointer'], return: 'i32' },
  setsockopt: { arguments: ['i32', 'i32', 'i32', 'pointer', 'u32'], return: 'i32' },
  shutdown: { arguments: ['i32', 'i32'], return: 'i32' },
  if_nametoindex: { arguments: ['pointer'], return: 'u32' },
  if_indextoname: { arguments: ['u32', 'pointer'], return: 'pointer' },
  dup: { arguments: ['i32'], return: 'i32' },
  close: { arguments: ['i32'], return: 'i32' },
  clock_gettime: { arguments: ['i32', 'pointer'], return: 'i32' },
  uv_backend_fd: { arguments: ['pointer'], return: 'i32' },
  uv_metrics_info: { arguments: ['pointer', 'pointer'], return: 'i32' },
  uv_update_time: { arguments: ['pointer'], return: 'void' },
  uv_backend_timeout: { arguments: ['pointer'], return: 'i32' },
  getrandom: { arguments: ['pointer', 'u64', 'u32'], return: 'i64' },
  __errno_location: { arguments: [], return: 'pointer' },
} as const

const MEMORY_SIGNATURES = {
  malloc_trim: { arguments: ['u64'], return: 'i32' },
  madvise: { arguments: ['u64', 'u64', 'i32'], return: 'i32' },
  getpagesize: { arguments: [], return: 'i32' },
} as const

let libc: Libc | undefined
let reason: string | undefined

/** libc, or why it cannot be had here. Opened once per thread. */
export const openLibc = (): Libc | string => {
  if (libc !== undefined) return libc
  reason ??= unsupported()
  if (reason !== undefined) return reason
  try {
    libc = bindLibc()
    takeRandomFrom(randomOf(libc))
    return libc
  } catch (error) {
    return (reason = `node:ffi: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** A kernel older than the call, or a filter, refuses it. */
const randomOf =
  ({ getrandom }: Libc): FillRandom =>
  numbers => {
    const { byteLength } = numbers
    return getrandom(numbers, BigInt(byteLength), 0) === BigInt(byteLength)
  }

/** glibc's calls that return memory, or undefined where they cannot be had. */
export const openMemoryCalls = (): MemoryCalls | undefined => {
  if (unsupported() !== undefined) return undefined
  try {
    const ffi = loadFfi()
    const functions = withoutWarning(() => ffi.dlopen(null, MEMORY_SIGNATURES)).functions
    const addressOf = (view: View): bigint => ffi.getRawPointer(view)
    return { ...(functions as Omit<MemoryCalls, 'addressOf'>), addressOf }
  } catch {
    // musl, or a Node without FFI: the memory stays ours, and nothing else is lost.
    return undefined
  }
}

const unsupported = (): string | undefined => {
  if (process.platform !== 'linux') return `recvmmsg is Linux's, this is ${process.platform}`
  if (!['x64', 'arm64'].includes(process.arch) || endianness() !== 'LE')
    return `no layouts for ${process.arch}`
  return undefined
}

const loadFfi = (): Ffi => withoutWarning(() => createRequire(import.meta.url)('node:ffi') as Ffi)

const bindLibc = (): Libc => {
  const ffi = loadFfi()
  const functions = withoutWarning(() => ffi.dlopen(null, SIGNATURES)).functions as Called
  const errnoAddress = functions.__errno_location()
  return {
    ...functions,
    // A function of its own, not a bound method: the call stays a direct one.
    errno: () => ffi.getInt32(errnoAddress),
    pin: view => new Pinned(view, ffi.getRawPointer(view)),
    currentLoop: () => ffi.getCurrentEventLoop(),
  }
}

/**
 * Loads something without Node's ExperimentalWarning about FFI; every other warning still comes.
 */
const withoutWarning = <T>(load: () => T): T => {
  const emitWarning = process.emitWarning
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    const type =
      typeof rest[0] === 'string' ? rest[0] : (rest[0] as { type?: string } | undefined)?.type
    if (type === 'ExperimentalWarning' && String(warning).startsWith('FFI ')) return
    Reflect.apply(emitWarning, process, [warning, ...rest])
  }) as typeof emitWarning
  try {
    return load()
  } finally {
    process.emitWarning = emitWarning
  }
}
