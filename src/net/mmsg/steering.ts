// Which shard gets a datagram. The kernel's own choice is a hash of the two addresses, which sends
// all queries of one client socket to one shard; a classic BPF program on the SO_REUSEPORT group
// chooses otherwise. It sees the UDP payload and returns the number of a socket, in the order in
// which they were bound; a load beyond the payload ends it with 0.

import type { ProxyServing } from '../../chain/listening.ts'
import { C } from './abi.ts'
import { attachProgram, type Instruction } from './bpf.ts'
import type { Libc } from './libc.ts'
import { setOption } from './sockets.ts'

/**
 * `random`: packet by packet, evenly. `name`: by the qname, one name always to the same shard.
 * `kernel`: no program.
 */
export const STEERINGS = ['random', 'name', 'kernel'] as const
export type Steering = (typeof STEERINGS)[number]

/** What is done of that where PROXY headers are expected. */
export const steeringBehind = (proxy: ProxyServing | undefined, steering: Steering): Steering => {
  if (proxy === undefined) return steering
  // Datagrams without a header are known by one of the same sender that had it: all meet one shard.
  if (proxy.sessions !== undefined) return 'kernel'
  // Behind a header the name does not stand where the program looks for it.
  return steering === 'name' ? 'random' : steering
}

const LD_WORD = 0x20
const LD_WORD_AT_X = 0x40
const LD_BYTE = 0x30
const LD_BYTE_AT_X = 0x50
const LD_MEM = 0x60
const LDX_MEM = 0x61
const ST = 0x02
const MUL_K = 0x24
const MOD_K = 0x94
const AND_K = 0x54
const RSH_K = 0x74
const XOR_X = 0xac
const TAX = 0x07
const ADD_X = 0x0c
const JGE = 0x35
const RET_A = 0x16
/** Ancillary load: a random number. */
const RANDOM = 0xfffff000 + 56

/**
 * Of letters, clears the bit that tells upper from lower case; other bytes lose it too, which a
 * hash may.
 */
const FOLD = 0xdfdfdfdf
const GOLDEN = 0x9e3779b1
const HEADER_BYTES = 12
/** Words of a label that are hashed from its front. */
const LABEL_WORDS = 4
/** Cells of the program's memory: the hash, the lengths of the labels, and a zero. */
const HASH = 0
const FIRST = 1
const SECOND = 2
const NOWHERE = 3

/** hash = (hash ^ A) * golden, with A in the accumulator. */
const MIX: readonly Instruction[] = [
  [TAX, 0],
  [LD_MEM, HASH],
  [XOR_X, 0],
  [MUL_K, GOLDEN],
  [ST, HASH],
]

/** The rest only if A is at least `least`. */
const ifAtLeast = (least: number, rest: readonly Instruction[]): Instruction[] => [
  [JGE, least, 0, rest.length],
  ...rest,
]

const randomProgram = (shards: number): Instruction[] => [
  [LD_WORD, RANDOM],
  [MOD_K, shards],
  [RET_A, 0],
]

/**
 * Hashes the label whose length is in M[length] and whose text starts `text` bytes behind the
 * number in M[from]: its first words, its last four bytes (what numbers the names of a set stands
 * there), or single bytes where it is shorter than a word.
 */
const hashLabel = (from: number, text: number, length: number): Instruction[] => {
  const at = (offset: number, load: number, mask: number): Instruction[] => [
    [LDX_MEM, from],
    [load, text + offset],
    [AND_K, mask],
    ...MIX,
  ]
  const program: Instruction[] = []
  for (let word = 0; word < LABEL_WORDS; word++) {
    program.push([LD_MEM, length], ...ifAtLeast(word * 4 + 4, at(word * 4, LD_WORD_AT_X, FOLD)))
  }
  for (let byte = 0; byte < 3; byte++) {
    program.push([LD_MEM, length], ...ifAtLeast(byte + 1, at(byte, LD_BYTE_AT_X, 0xdf)))
  }
  const tail: Instruction[] = [
    [LDX_MEM, from],
    [LD_MEM, length],
    [ADD_X, 0],
    [TAX, 0],
    [LD_WORD_AT_X, text - 4],
    [AND_K, FOLD],
    ...MIX,
  ]
  program.push([LD_MEM, length], ...ifAtLeast(4, tail))
  return program
}

/**
 * Hashes the first two labels, case folded: enough to spread names, and the same for each query of
 * a name.
 */
const nameProgram = (shards: number): Instruction[] => [
  [LD_BYTE, HEADER_BYTES],
  [ST, FIRST],
  [MUL_K, GOLDEN],
  [ST, HASH],
  [AND_K, 0],
  [ST, NOWHERE],
  ...hashLabel(NOWHERE, HEADER_BYTES + 1, FIRST),
  // The second label's length stands behind the first label.
  [LDX_MEM, FIRST],
  [LD_BYTE_AT_X, HEADER_BYTES + 1],
  [ST, SECOND],
  ...hashLabel(FIRST, HEADER_BYTES + 2, SECOND),
  [LD_MEM, HASH],
  [RSH_K, 15],
  [TAX, 0],
  [LD_MEM, HASH],
  [ADD_X, 0],
  [RSH_K, 1],
  [MOD_K, shards],
  [RET_A, 0],
]

/**
 * Attaches the program to the whole group that a socket is in, in the place of any other;
 * undefined, or the system's error number. Nothing to do for one shard.
 */
export const steer = (
  libc: Libc,
  fds: readonly number[],
  steering: Steering,
): number | undefined => {
  const [fd] = fds
  if (fd === undefined || fds.length === 1) return undefined
  if (steering === 'kernel') {
    setOption(libc, fd, C.SOL_SOCKET, C.SO_DETACH_REUSEPORT_BPF, 0)
    return undefined
  }
  const program = steering === 'name' ? nameProgram(fds.length) : randomProgram(fds.length)
  return attachProgram(libc, fd, C.SO_ATTACH_REUSEPORT_CBPF, program)
}
