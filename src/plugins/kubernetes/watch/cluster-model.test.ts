// The cluster against a naive model: after each flush the records are those that follow from all
// objects there are, computed from scratch.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  addressOf,
  clusterService,
  externalService,
  headlessService,
  labelsOf,
  objectOf,
  podOf,
  sliceOf,
  type World,
  worldOf,
} from '../../../../test/fakes/cluster.ts'
import { generator } from '../../../../test/fakes/crew.ts'
import type { KubeObject } from '../../../kube/kube-object.ts'
import type { Sink } from '../../../kube/sink.ts'
import {
  type AddressOwner,
  encodeOwners,
  OWNER_CLUSTER,
  OWNER_ENDPOINT,
} from '../records/address-record.ts'
import { withItem } from '../records/label-list.ts'
import {
  KIND_ADDRESS,
  KIND_NAMESPACE,
  KIND_POD,
  KIND_SERVICE,
  labelBytes,
  POD_LABELS,
} from '../records/record-keys.ts'
import {
  encodeGroup,
  encodeService,
  type PortParts,
  SERVICE_CLUSTER,
  SERVICE_EXTERNAL,
  SERVICE_HEADLESS,
} from '../records/service-record.ts'

const NAMESPACES = ['a', 'b', 'hidden']
const EXPOSED = ['a', 'b']
const NAMES = ['db', 'web', 'x']
const FORMS = ['cluster', 'dual', 'headless', 'external'] as const

interface ModelService {
  readonly namespace: string
  readonly name: string
  readonly form: (typeof FORMS)[number]
  readonly host: number
}
interface ModelSlice {
  readonly namespace: string
  readonly name: string
  readonly service: string
  /** Last parts of addresses; negative: not ready. */
  readonly hosts: readonly number[]
}
interface ModelPod {
  readonly namespace: string
  readonly name: string
  readonly host: number
}

/** One kind of object in both worlds: what the API server has, and the sink that is told of it. */
class Side<T extends { readonly namespace: string; readonly name: string }> {
  readonly all = new Map<string, T>()
  readonly #sink: Sink
  readonly #write: (one: T) => KubeObject

  constructor(sink: Sink, write: (one: T) => KubeObject) {
    this.#sink = sink
    this.#write = write
  }

  put(one: T): void {
    this.all.set(`${one.namespace}/${one.name}`, one)
    this.#sink.put(this.#write(one))
  }

  remove(one: T): void {
    this.all.delete(`${one.namespace}/${one.name}`)
    this.#sink.remove(this.#write(one))
  }

  /** Some objects come and go unseen; then all are listed. `meanwhile` runs in the middle. */
  relist(below: (count: number) => number, meanwhile: () => void): void {
    for (const [key] of [...this.all]) if (below(3) === 0) this.all.delete(key)
    this.#sink.listBegins()
    const listed = [...this.all.values()]
    for (const [index, one] of listed.entries()) {
      if (index === listed.length >> 1) meanwhile()
      this.#sink.put(this.#write(one))
    }
    this.#sink.listEnds()
    this.#sink.flush()
  }
}

const serviceObject = ({ namespace, name, form, host }: ModelService): KubeObject => {
  if (form === 'external') return externalService(namespace, name, `host-${host}.example.org`)
  if (form === 'headless') return headlessService(namespace, name)
  return clusterService(
    namespace,
    name,
    `192.0.2.${host}`,
    ...(form === 'dual' ? [`2001:db8::${host}`] : []),
  )
}

const sliceObject = ({ namespace, name, service, hosts }: ModelSlice): KubeObject =>
  sliceOf(
    namespace,
    name,
    service,
    hosts.map(host => ({
      addresses: [`192.0.2.${Math.abs(host)}`],
      conditions: { ready: host >= 0 },
      hostname: `${name}-${Math.abs(host) % 3}`,
    })),
  )

const port = (number: number, name: string, protocol: string): PortParts => ({
  number,
  name,
  protocol,
})

class Model {
  readonly services: Side<ModelService>
  readonly slices: Side<ModelSlice>
  readonly pods: Side<ModelPod>
  readonly namespaces: Side<{ readonly namespace: string; readonly name: string }>

  constructor({ cluster }: World) {
    this.services = new Side(cluster.services, serviceObject)
    this.slices = new Side(cluster.slices, sliceObject)
    this.pods = new Side(cluster.pods, ({ namespace, name, host }) =>
      podOf(namespace, name, `192.0.2.${host}`),
    )
    this.namespaces = new Side(cluster.namespaces, ({ name }) => objectOf(undefined, name))
  }

  /** Every record there should be: `kind key` to value, in hex. */
  records(): Map<string, string> {
    const records = new Map<string, string>()
    const owners: {
      readonly address: string
      readonly place: string
      readonly owner: AddressOwner
    }[] = []
    for (const service of this.services.all.values())
      if (EXPOSED.includes(service.namespace)) this.#addService(records, owners, service)
    owners.sort((one, other) => (one.place < other.place ? -1 : one.place > other.place ? 1 : 0))
    for (const address of new Set(owners.map(each => each.address))) {
      const of = owners.filter(each => each.address === address).map(({ owner }) => owner)
      records.set(keyOf(KIND_ADDRESS, addressOf(address)), hexOf(encodeOwners(of)))
    }
    for (const { namespace, host } of this.pods.all.values()) {
      const key = keyOf(KIND_POD, addressOf(`192.0.2.${host}`))
      const others = Buffer.from(records.get(key) ?? '', 'hex')
      records.set(key, hexOf(withItem(others, label(namespace), POD_LABELS, true)))
    }
    for (const { name } of this.namespaces.all.values())
      if (EXPOSED.includes(name)) records.set(keyOf(KIND_NAMESPACE, label(name)), '')
    return records
  }

  #addService(
    records: Map<string, string>,
    owners: { readonly address: string; readonly place: string; readonly owner: AddressOwner }[],
    { namespace, name, form, host }: ModelService,
  ): void {
    const slices = [...this.slices.all.values()].filter(
      slice => slice.namespace === namespace && slice.service === name,
    )
    slices.sort((one, other) => (one.name < other.name ? -1 : 1))
    const ready = slices.map(slice => ({ slice, hosts: slice.hosts.filter(each => each >= 0) }))
    const service = labelsOf(namespace, name)
    const own =
      form === 'cluster'
        ? [`192.0.2.${host}`]
        : form === 'dual'
          ? [`192.0.2.${host}`, `2001:db8::${host}`]
          : []
    const isExternal = form === 'external'
    const groups = ready.map(({ slice, hosts }) => ({
      ports: [port(8080, 'http', 'tcp')],
      endpoints: hosts.map(each => ({
        address: addressOf(`192.0.2.${each}`),
        label: `${slice.name}-${each % 3}`,
        zone: '',
        cluster: '',
      })),
    }))
    const text = `host-${host}`
    const record = encodeService({
      kind: isExternal
        ? SERVICE_EXTERNAL
        : form === 'headless'
          ? SERVICE_HEADLESS
          : SERVICE_CLUSTER,
      clusterAddresses: own.map(addressOf),
      ports: [form === 'cluster' || form === 'dual' ? port(80, 'http', 'tcp') : port(0, '', '')],
      groups: isExternal ? [] : groups.map(encodeGroup),
      target: isExternal
        ? Buffer.from(`${String.fromCharCode(text.length)}${text}\x07example\x03org\0`, 'latin1')
        : undefined,
    })
    records.set(keyOf(KIND_SERVICE, service), hexOf(record))
    for (const address of own) {
      owners.push({
        address,
        place: `1 ${namespace} ${name}`,
        owner: { kind: OWNER_CLUSTER, label: Uint8Array.of(0), service },
      })
    }
    const first = new Map<string, string>()
    for (const { slice, hosts } of isExternal ? [] : ready) {
      for (const each of hosts)
        if (!first.has(`192.0.2.${each}`)) first.set(`192.0.2.${each}`, `${slice.name}-${each % 3}`)
    }
    for (const [address, named] of first) {
      owners.push({
        address,
        place: `2 ${namespace} ${name}`,
        owner: { kind: OWNER_ENDPOINT, label: label(named), service },
      })
    }
  }
}

const label = (text: string): Uint8Array => labelBytes(text) ?? new Uint8Array(0)
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const keyOf = (kind: number, key: Uint8Array): string => `${kind} ${hexOf(key)}`

const assertRecords = ({ map }: World, model: Model, step: number): void => {
  const wanted = model.records()
  for (const [key, value] of wanted) {
    const [kind, hex = ''] = key.split(' ')
    const found = map.get(Number(kind), Buffer.from(hex, 'hex'))
    assert.equal(found && hexOf(found), value, `record ${key} after step ${step}`)
  }
  assert.equal(map.entries, wanted.size, `number of records after step ${step}`)
}

const act = (model: Model, world: World, below: (count: number) => number): void => {
  const pick = (list: readonly string[]): string => list[below(list.length)] ?? ''
  const [namespace, name, host] = [pick(NAMESPACES), pick(NAMES), 1 + below(6)]
  const { services, slices, pods, namespaces } = model
  const slice = {
    namespace,
    name: `s${below(4)}`,
    service: name,
    hosts: Array.from({ length: below(5) }, () => below(12) - 3),
  }
  const flush = () => world.cluster.services.flush()
  const actions = [
    () => services.put({ namespace, name, host, form: FORMS[below(FORMS.length)] ?? 'cluster' }),
    () => services.remove({ namespace, name, host, form: 'cluster' }),
    () => slices.put(slice),
    () => slices.put(slice),
    () => slices.remove(slice),
    () => pods.put({ namespace, name: `p${below(5)}`, host }),
    () => pods.remove({ namespace, name: `p${below(5)}`, host }),
    () => namespaces.put({ namespace, name: namespace }),
    () => namespaces.remove({ namespace, name: namespace }),
    () => below(10) === 0 && services.relist(below, flush),
    () =>
      below(10) === 0 &&
      slices.relist(below, () => services.put({ namespace, name, host, form: 'headless' })),
    () => below(10) === 0 && pods.relist(below, flush),
    () => below(10) === 0 && namespaces.relist(below, flush),
  ]
  actions[below(actions.length)]?.()
}

for (const seed of [1, 2, 3]) {
  test(`the records are those of a naive model, seed ${seed}`, () => {
    const below = generator(seed)
    const world = worldOf({ namespaces: EXPOSED })
    const model = new Model(world)
    for (let step = 0; step < 2500; step++) {
      act(model, world, below)
      if (below(3) > 0) continue
      world.cluster.services.flush()
      assertRecords(world, model, step)
    }
    assert.deepEqual(world.logged, [])
    assert.ok(world.changes.length > 1000, String(world.changes.length))
  })
}
