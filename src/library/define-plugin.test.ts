import assert from 'node:assert/strict'
import { test } from 'node:test'
import { definePlugin } from './define-plugin.ts'

test('definePlugin gives the definition itself', () => {
  const definition = { serve: () => undefined }
  assert.equal(definePlugin(definition), definition)
})

test('definePlugin throws a TypeError that names the field', () => {
  const definition = { serve: 'x' } as unknown as Parameters<typeof definePlugin>[0]
  const message = "definePlugin: 'serve' is 'x', and no function"
  assert.throws(() => definePlugin(definition), { name: 'TypeError', message })
})
