// docs/deploy: objects refer to each other rightly, their Corefiles load, the container is locked
// down, and versions are those of package.json. What Kubernetes, Docker and systemd make of the
// files is theirs; kubectl, helm and systemd-analyze are asked where they are installed.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import {
  type ChartValues,
  chartCorefile,
  deployPaths,
  endpointOf,
  folderObjects,
  type KubeObject,
  loadedCorefile,
  only,
  podOf,
  readObjects,
  readOne,
  serverOf,
} from './support/deploy-objects.ts'
import {
  assertBound,
  assertServes,
  assertServiceReaches,
  optionsOf,
  USER,
} from './support/deploy-rules.ts'
import { runProgram, temporaryFolder, without } from './support/server-process.ts'
import { ROOT, readRepositoryFile, repositoryPaths } from './support/source-files.ts'

const CHART = 'docs/deploy/helm/shardns'
const LIMIT = { timeout: 30_000 }
const HELM = { ...LIMIT, skip: without('helm') }
const { version, devDependencies } = JSON.parse(readRepositoryFile('package.json')) as {
  version: string
  devDependencies: Record<string, string>
}

const cluster = folderObjects('kubernetes')
const deployment = only(cluster, 'Deployment', 'coredns')
const nodeLocal = folderObjects('node-local')
const daemonSet = only(nodeLocal, 'DaemonSet')
const values = readOne<ChartValues>(`${CHART}/values.yaml`)

for (const path of deployPaths())
  test(`parses: ${path}`, () => void readObjects(readRepositoryFile(path), path))

for (const folder of ['kubernetes', 'node-local'])
  test(`docs/deploy/${folder}/kustomization.yaml names every object of the folder, and the image of this version`, () => {
    const kustomization = readOne<{
      resources: string[]
      images: { name: string; newTag: string }[]
    }>(`docs/deploy/${folder}/kustomization.yaml`)
    const files = repositoryPaths(`docs/deploy/${folder}/*.yaml`).map(path => basename(path))
    const others = ['kustomization.yaml', 'replace-image.yaml']
    assert.deepEqual(
      kustomization.resources.toSorted(),
      files.filter(file => !others.includes(file)).toSorted(),
    )
    assert.deepEqual(
      kustomization.images.map(({ name, newTag }) => `${name}:${newTag}`),
      [`shardns:${version}`],
    )
  })

test('kubernetes: the deployment serves what its objects say', () =>
  assertServes(cluster, deployment))
test('kubernetes: the service account has the rights of CoreDNS', () => assertBound(cluster))
test('kubernetes: the service is the one that kubelets and tools look for', () => {
  const service = only(cluster, 'Service', 'kube-dns')
  assertServiceReaches(service, deployment)
  assert.deepEqual(
    service.spec?.ports?.map(({ name, port, protocol }) => `${name} ${port}/${protocol}`),
    ['dns 53/UDP', 'dns-tcp 53/TCP', 'metrics 9153/TCP'],
  )
  assert.equal(podOf(deployment).priorityClassName, 'system-cluster-critical')
})
test('kubernetes: the disruption budget is for the pods of the deployment', () =>
  assert.deepEqual(only(cluster, 'PodDisruptionBudget').spec?.selector, deployment.spec?.selector))

test('kubernetes: the patch for an existing deployment agrees with the deployment', async () => {
  const patch = readOne<KubeObject>('docs/deploy/kubernetes/replace-image.yaml')
  const [server] = patch.spec?.template?.spec.containers ?? []
  const { name, image, args, resources, securityContext } = serverOf(deployment)
  const { cpu: _, ...requests } = resources.requests
  assert.deepEqual(server, {
    name,
    image,
    args,
    resources: { requests, limits: resources.limits },
    securityContext,
  })
  assert.equal(image, `shardns:${version}`)
  assert.equal((await optionsOf(args)).workers, 2)
})

test('node-local: the daemon set serves what its objects say', () =>
  assertServes(nodeLocal, daemonSet))
test('node-local: the services reach the caches and the cluster', () => {
  assertServiceReaches(only(nodeLocal, 'Service', 'node-local-dns'), daemonSet)
  assertServiceReaches(only(nodeLocal, 'Service', 'kube-dns-upstream'), deployment)
})
test('node-local: every block is bound to the address that the interface is given', async () => {
  const pod = podOf(daemonSet) as unknown as {
    hostNetwork: boolean
    initContainers: { env: { value: string }[] }[]
  }
  const address = pod.initContainers[0]?.env[0]?.value
  const { blocks } = await loadedCorefile(only(nodeLocal, 'ConfigMap').data?.Corefile ?? '')
  assert.equal(pod.hostNetwork, true)
  assert.equal(blocks.length, 3)
  for (const { directives } of blocks) {
    const bind = directives.find(({ plugin }) => plugin.name === 'bind')?.options as {
      listen: string[]
    }[]
    assert.deepEqual(
      bind.flatMap(({ listen }) => listen),
      [address],
    )
  }
})

for (const folder of ['kubernetes', 'node-local'])
  test(`kubectl kustomize accepts docs/deploy/${folder}`, {
    ...LIMIT,
    skip: without('kubectl'),
  }, async () => {
    const { code, out, err } = await runProgram('kubectl', [
      'kustomize',
      join(ROOT, 'docs/deploy', folder),
    ])
    assert.equal(code, 0, err)
    assert.equal(readObjects(out, folder).length, folderObjects(folder).length)
  })

test('Dockerfile: user, entry point and port 53 as the objects expect', () => {
  const text = readRepositoryFile('docs/deploy/Dockerfile')
  const last = text.split(/^FROM /m).at(-1) ?? ''
  assert.match(last, new RegExp(`^USER ${USER}:${USER}$`, 'm'))
  assert.match(last, /^ENTRYPOINT \["\/usr\/local\/bin\/node", "\/shardns\/dist\/src\/cli\.js"\]$/m)
  assert.doesNotMatch(last, /^RUN /m, 'the last stage has no shell')
  assert.match(text, /^RUN setcap cap_net_bind_service=\+ep \/image\/usr\/local\/bin\/node$/m)
  for (const [install] of text.matchAll(/^RUN apt-get(.*\\\n)*.*$/gm))
    assert.match(install, /rm -rf \/var\/lib\/apt\/lists\/\*$/)
})

test('Dockerfile: what it copies is there and not ignored', () => {
  const copied = [
    ...readRepositoryFile('docs/deploy/Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm),
  ].flatMap(([, files = '']) => files.split(' '))
  const ignore = readRepositoryFile('docs/deploy/Dockerfile.dockerignore').split('\n')
  assert.ok(copied.includes('package-lock.json'))
  assert.deepEqual(repositoryPaths(...copied), copied.toSorted())
  assert.deepEqual(
    ignore.flatMap(line => (line.startsWith('!') ? line.slice(1) : [])).toSorted(),
    copied.toSorted(),
  )
  assert.ok(ignore.includes('*'))
})

test('systemd: the unit passes systemd-analyze', {
  ...LIMIT,
  skip: without('systemd-analyze'),
}, async t => {
  // The program stands elsewhere on the machine that the unit is for.
  const text = readRepositoryFile('docs/deploy/systemd/shardns.service').replace(
    /^ExecStart=\S+/m,
    `ExecStart=${process.execPath}`,
  )
  const path = join(temporaryFolder(t), 'shardns.service')
  writeFileSync(path, text)
  const { code, out, err } = await runProgram('systemd-analyze', ['verify', path])
  assert.deepEqual([code, out + err], [0, ''])
})

test('systemd: the unit starts shardns with flags that it has, as the user that sysusers makes', async () => {
  const unit = readRepositoryFile('docs/deploy/systemd/shardns.service')
  const [, program = '', ...args] = (/^ExecStart=(.+)$/m.exec(unit)?.[1] ?? '').split(' ')
  assert.match(program, /\/cli\.js$/)
  assert.equal((await optionsOf(args)).conf, '/etc/shardns/Corefile')
  assert.doesNotMatch(unit, /^(MemoryDenyWriteExecute=|Type=notify)/m)
  const user = /^User=(.+)$/m.exec(unit)?.[1] ?? ''
  assert.match(
    readRepositoryFile('docs/deploy/systemd/shardns.sysusers.conf'),
    new RegExp(`^u ${user} `, 'm'),
  )
})

test('systemd: README.md installs this version, on the Node that the tests run on', () => {
  const readme = readRepositoryFile('docs/deploy/systemd/README.md')
  assert.ok(readme.includes(`/opt/shardns ./shardns-${version}.tgz node@${devDependencies.node}\n`))
})

test('chart: version, default image and Corefile', async () => {
  const chart = readOne<{ appVersion: string; version: string }>(`${CHART}/Chart.yaml`)
  assert.deepEqual([chart.version, chart.appVersion], [version, version])
  const config = await loadedCorefile(chartCorefile(values))
  assert.deepEqual(
    ['health', 'ready', 'prometheus'].map(name => endpointOf(config, name).port),
    [8080, 8181, 9153],
  )
})

test('chart: the schema names every value', () => {
  const schema = JSON.parse(readRepositoryFile(`${CHART}/values.schema.json`)) as {
    properties: object
    additionalProperties: boolean
  }
  const unnamed = Object.keys(values).filter(name => !Object.hasOwn(schema.properties, name))
  assert.deepEqual([unnamed, schema.additionalProperties], [[], false])
})

const template = (...args: string[]): ReturnType<typeof runProgram> =>
  runProgram('helm', ['template', 'dns', join(ROOT, CHART), '--namespace', 'kube-system', ...args])

test('chart: helm lint', HELM, async () => {
  const { code, out } = await runProgram('helm', ['lint', join(ROOT, CHART)])
  assert.equal(code, 0, out)
})

test('chart: the objects of the default values serve, with the same Corefile', HELM, async () => {
  const { code, out, err } = await template()
  assert.equal(code, 0, err)
  const objects = readObjects(out, 'helm template')
  await assertServes(objects, only(objects, 'Deployment'))
  assertServiceReaches(only(objects, 'Service'), only(objects, 'Deployment'))
  assertBound(objects)
  const corefile = only(objects, 'ConfigMap').data?.Corefile ?? ''
  assert.equal(corefile.replaceAll(/^ +/gm, ''), chartCorefile(values))
})

const OTHER_VALUES = `
replicaCount: 3
workers: 0
extraArgs: ["--cache-bytes", "128MiB"]
preStopSleep: 5
prometheus: {service: {enabled: true}, monitor: {enabled: true, namespace: monitoring}}
service: {name: kube-dns, clusterIP: 10.96.0.10}
serviceAccount: {create: false, name: coredns}
k8sAppLabelOverride: kube-dns
podDisruptionBudget: {maxUnavailable: 1}
zoneFiles: [{filename: names.hosts, contents: "192.0.2.10 www.example.org\\n"}]
hpa: {enabled: true}
deployment: {name: coredns, selector: {matchLabels: {k8s-app: kube-dns}}}
extraConfig: {"(common)": {configBlock: "errors"}}
servers:
  - zones: [{zone: example.org., use_tcp: false}, {zone: example.net., scheme: "dns://", use_tcp: false}]
    port: 5353
    plugins:
      - {name: import, parameters: common}
      - {name: health, parameters: ":8081"}
      - {name: ready, parameters: ":8182"}
      - {name: prometheus, parameters: ":9154"}
      - {name: hosts, parameters: /etc/coredns/names.hosts, configBlock: fallthrough}
      - {name: forward, parameters: . 192.0.2.53}
  - plugins: [{name: whoami}]
`

test('chart: other values reach the objects', HELM, async t => {
  const path = join(temporaryFolder(t), 'values.yaml')
  writeFileSync(path, OTHER_VALUES)
  const { code, out, err } = await template('--values', path)
  assert.equal(code, 0, err)
  const objects = readObjects(out, 'helm template')
  const workload = only(objects, 'Deployment', 'coredns')
  const server = serverOf(workload)
  assert.deepEqual(server.args, ['-conf', '/etc/coredns/Corefile', '--cache-bytes', '128MiB'])
  assert.equal((await optionsOf(server.args)).cacheBytes, 128 * 1024 * 1024)
  const config = await loadedCorefile(only(objects, 'ConfigMap').data?.Corefile ?? '')
  assert.deepEqual(
    config.blocks.map(({ sites }) => sites.map(({ zone, port }) => `${zone}:${port}`)),
    [['example.org.:5353', 'example.net.:5353'], ['.:53']],
  )
  assert.deepEqual(
    [server.livenessProbe.httpGet.port, server.readinessProbe.httpGet.port],
    [8081, 8182],
  )
  const service = only(objects, 'Service', 'kube-dns')
  for (const each of [service, only(objects, 'Service', 'dns-shardns-metrics')])
    assertServiceReaches(each, workload)
  assert.deepEqual(
    service.spec?.ports?.map(({ name }) => name),
    ['udp-5353', 'dns', 'dns-tcp'],
  )
  assert.equal(podOf(workload).serviceAccountName, 'coredns')
  assert.deepEqual(objects.map(({ kind }) => kind).toSorted(), [
    'ConfigMap',
    'Deployment',
    'HorizontalPodAutoscaler',
    'PodDisruptionBudget',
    'Service',
    'Service',
    'ServiceMonitor',
  ])
  assert.ok(!Object.hasOwn(workload.spec ?? {}, 'replicas'), 'the autoscaler says how many')
})

const REFUSED: readonly [set: string, message: RegExp][] = [
  ['autoscaler.enabled=true', /autoscaler\.enabled: .*not part of this chart/],
  ['prometheus.monitor.enabled=true', /needs prometheus\.service\.enabled/],
  ['replicas=2', /additional properties 'replicas' not allowed/],
  ['servers[0].plugins[0].name=whoami', /livenessProbe\.enabled: needs the plugin health/],
  [
    'servers[0].zones[0].scheme=tls://,livenessProbe.enabled=false,readinessProbe.enabled=false,servers[0].plugins[0].name=log',
    /scheme tls:\/\//,
  ],
]
for (const [set, message] of REFUSED)
  test(`chart: refuses ${set}`, HELM, async () => {
    const { code, err } = await template('--set', set)
    assert.notEqual(code, 0)
    assert.match(err, message)
  })
