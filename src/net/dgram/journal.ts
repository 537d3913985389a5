// Queries of node:dgram that wait for something, kept in main's memory (mmsg/journal.ts): any
// socket at the same place can send their replies, so the successor of a shard that dies asks them
// again. What lies unread at the sockets of a dead shard is lost with them.

import { type IpAddress, parseIp } from '../../base/ip.ts'
import type { Peer } from '../../chain/query/query.ts'
import { C, SOCKADDR_IN, SOCKADDR_IN6 } from '../mmsg/abi.ts'
import { JOURNAL_DATAGRAM_BYTES } from '../mmsg/inbound-layout.ts'
import { InboundMemory } from '../mmsg/inbound-memory.ts'
import { Journal, NOT_NOTED } from '../mmsg/journal.ts'
import { peerOfSockaddr } from '../mmsg/peers.ts'

const SLOT = 0
/** There is no descriptor to speak of: entries are told apart by where they were received. */
const NO_FD = -1

export interface Left {
  readonly bytes: Uint8Array
  readonly client: Peer
  readonly local: Peer
}

export class DgramJournal {
  readonly #memory: InboundMemory
  readonly #journal: Journal
  readonly #client = new SockaddrWriter()
  readonly #local = new SockaddrWriter()
  /** Queries that a predecessor left and that have not been taken yet. */
  #left: Left[] = []

  /** `memory` is the shard's inbound memory. */
  constructor(memory: SharedArrayBuffer) {
    this.#memory = new InboundMemory(memory)
    this.#journal = new Journal(this.#memory.words)
    while (this.#journal.hasLeft)
      this.#journal.takeUp(this.#memory, () => this.#left.push(this.#read()))
  }

  /** The entry, to be settled. A client whose address takes a zone is not noted. */
  note({ bytes, client, local }: Left, isSecond: boolean): number {
    const memory = this.#memory
    const nameLength = this.#client.write(memory.bytes, memory.nameWord(SLOT) << 2, client)
    const controlLength = this.#local.write(memory.bytes, memory.controlWord(SLOT) << 2, local)
    if (nameLength === 0 || controlLength === 0 || bytes.length > JOURNAL_DATAGRAM_BYTES)
      return NOT_NOTED
    memory.bytes.set(bytes, memory.offsetOf(SLOT))
    memory.pretend(bytes.length, nameLength, controlLength)
    return this.#journal.note(memory, SLOT, NO_FD, isSecond)
  }

  settle(entry: number): void {
    this.#journal.settle(entry)
  }

  /** What a predecessor had received there, each once. */
  takeUp(local: Peer): Left[] {
    const isHere = (left: Left): boolean =>
      left.local.address === local.address && left.local.port === local.port
    const taken = this.#left.filter(isHere)
    this.#left = this.#left.filter(left => !isHere(left))
    return taken
  }

  #read(): Left {
    const memory = this.#memory
    const start = memory.offsetOf(SLOT)
    return {
      bytes: memory.bytes.slice(start, start + memory.lengthOf(SLOT)),
      client: peerOfSockaddr(memory.bytes, memory.nameWord(SLOT) << 2),
      local: peerOfSockaddr(memory.bytes, memory.controlWord(SLOT) << 2),
    }
  }
}

/**
 * Writes addresses, and reads the text of one only when it is another than the last: clients ask
 * several times.
 */
class SockaddrWriter {
  #text = ''
  #ip: IpAddress | undefined

  /** The sockaddr's length; 0 for what is no plain address. */
  write(bytes: Uint8Array, at: number, { address, port }: Peer): number {
    if (address !== this.#text) {
      this.#text = address
      this.#ip = parseIp(address)
    }
    const ip = this.#ip
    if (ip === undefined) return 0
    const isV4 = ip.family === 4
    bytes[at] = isV4 ? C.AF_INET : C.AF_INET6
    bytes[at + 1] = 0
    bytes[at + SOCKADDR_IN.port] = port >> 8
    bytes[at + SOCKADDR_IN.port + 1] = port & 255
    const from = at + (isV4 ? SOCKADDR_IN.addr : SOCKADDR_IN6.addr)
    for (let k = 0; k < ip.bytes.length; k++) bytes[from + k] = ip.bytes[k]!
    return isV4 ? SOCKADDR_IN.size : SOCKADDR_IN6.size
  }
}
