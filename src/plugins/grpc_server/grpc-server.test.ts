import assert from 'node:assert/strict'
import { test } from 'node:test'
import { blockOf, refusesAsCoreDns } from '../../../test/support/limit-cases.ts'
import { chain, options } from '../../../test/support/plugin-harness.ts'
import { grpc_server } from './index.ts'

test('parse: nothing', () => assert.deepEqual(options(grpc_server, 'grpc_server'), {}))
test('parse: both limits', () =>
  assert.deepEqual(
    options(grpc_server, blockOf('grpc_server', 'max_connections 0', 'max_streams 9')),
    { maxStreams: 9, maxConnections: 0 },
  ))
test('parse: only the first occurrence is read', () =>
  assert.deepEqual(options(grpc_server, 'grpc_server\ngrpc_server x'), {}))

refusesAsCoreDns(grpc_server, { names: ['max_streams', 'max_connections'], least: 0 })

test('control: sets the limits of the block', async () => {
  const { control } = await chain(grpc_server, blockOf('grpc_server', 'max_streams 3'))
  assert.deepEqual(control.settings.grpcServer, { maxStreams: 3 })
})
