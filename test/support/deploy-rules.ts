// What holds for every set of Kubernetes objects with a server in it, whether a file or helm made
// them.

import assert from 'node:assert/strict'
import { run } from '../../src/commands/run.ts'
import type { ServeOptions } from '../../src/process/serve-options.ts'
import {
  type Container,
  endpointOf,
  isSelected,
  type KubeObject,
  loadedCorefile,
  only,
  type Probe,
  podOf,
  serverOf,
} from './deploy-objects.ts'

export const USER = 65532

const LOCKED_DOWN = {
  runAsNonRoot: true,
  runAsUser: USER,
  runAsGroup: USER,
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] },
}

const portOf = (container: Container, probe: Probe): number | undefined =>
  typeof probe.httpGet.port === 'number'
    ? probe.httpGet.port
    : container.ports.find(({ name }) => name === probe.httpGet.port)?.containerPort

/** What a command line that an object gives makes of itself. */
export const optionsOf = async (args: readonly string[]): Promise<ServeOptions> => {
  let options: ServeOptions | undefined
  let text = ''
  const write = (more: string): void => void (text += more)
  const serve = async (given: ServeOptions): Promise<number> => {
    options = given
    return 0
  }
  assert.equal(await run(args, { out: write, err: write, serve, stdin: () => '' }), 0, text)
  assert.ok(options)
  return options
}

/** What holds for every set of objects with a server in it. */
export const assertServes = async (
  objects: readonly KubeObject[],
  workload: KubeObject,
): Promise<void> => {
  const pod = podOf(workload)
  const server = serverOf(workload)
  const labels = workload.spec?.template?.metadata.labels ?? {}
  assert.ok(
    isSelected(labels, workload.spec?.selector?.matchLabels ?? {}),
    'the workload selects its pods',
  )
  only(objects, 'ServiceAccount', pod.serviceAccountName)
  assert.equal(pod.dnsPolicy, 'Default')
  assert.deepEqual(server.securityContext, LOCKED_DOWN)

  const [volume] = pod.volumes
  const mount = server.volumeMounts.find(({ name }) => name === volume?.name)
  assert.equal(mount?.readOnly, true)
  const [item] = volume?.configMap.items ?? []
  const options = await optionsOf(server.args)
  assert.equal(options.conf, `${mount?.mountPath}/${item?.path}`)
  const corefile = only(objects, 'ConfigMap', volume?.configMap.name).data?.[item?.key ?? '']
  const config = await loadedCorefile(corefile ?? '')

  const probes = { health: server.livenessProbe, ready: server.readinessProbe }
  for (const [name, probe] of Object.entries(probes)) {
    const { host, port } = endpointOf(config, name)
    assert.deepEqual([probe.httpGet.path, portOf(server, probe)], [`/${name}`, port])
    assert.equal(probe.httpGet.host ?? '', host.replace('0.0.0.0', ''))
  }
  const ports = server.ports.filter(({ name }) => !name.endsWith('-probe'))
  assert.deepEqual(
    ports.map(({ name, protocol, containerPort }) => `${name} ${containerPort}/${protocol}`),
    ['dns 53/UDP', 'dns-tcp 53/TCP', `metrics ${endpointOf(config, 'prometheus').port}/TCP`],
  )
}

export const assertServiceReaches = (service: KubeObject, workload: KubeObject): void => {
  const { selector = {}, ports = [] } = service.spec ?? {}
  assert.ok(
    isSelected(workload.spec?.template?.metadata.labels ?? {}, selector as Record<string, string>),
  )
  for (const { name, protocol, targetPort } of ports) {
    const target = serverOf(workload).ports.find(
      port => port.protocol === protocol && [port.name, port.containerPort].includes(targetPort),
    )
    assert.equal(target?.name, name, `${service.metadata.name}: ${name}`)
  }
}

export const assertBound = (objects: readonly KubeObject[]): void => {
  const { roleRef, subjects } = only(objects, 'ClusterRoleBinding')
  const { rules = [] } = only(objects, 'ClusterRole', roleRef?.name)
  assert.deepEqual(new Set(rules.flatMap(({ verbs }) => verbs)), new Set(['list', 'watch']))
  assert.deepEqual(
    new Set(rules.flatMap(({ resources }) => resources)),
    new Set(['endpoints', 'services', 'pods', 'namespaces', 'endpointslices']),
  )
  for (const { kind, name, namespace } of subjects ?? [])
    assert.equal(
      only(objects, kind, name).metadata.namespace,
      namespace,
      'the subject is in its namespace',
    )
}
