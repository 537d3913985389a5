import assert from 'node:assert/strict'
import { test } from 'node:test'
import { options, parseError } from '../../../test/support/plugin-harness.ts'
import { cache } from './index.ts'
import type { CacheOptions } from './options.ts'

const TABLE = { minTtlSeconds: 5, disabledZones: [] }
const DEFAULTS: CacheOptions = {
  zones: ['example.org.'],
  success: { ...TABLE, capacity: { part: 1, least: 9984 }, ttlSeconds: 3600 },
  denial: { ...TABLE, capacity: { part: 1 / 2, least: 9984 }, ttlSeconds: 1800 },
  servfailSeconds: 5,
  prefetch: undefined,
  stale: undefined,
  preferPositive: false,
  keepTtl: false,
}
const STALE = {
  forSeconds: 3600,
  mode: 'immediate' as const,
  verifyTimeoutMs: 0,
  ttlSeconds: 0,
  recheckSeconds: 0,
}
const both = (table: Partial<CacheOptions['success']>): Partial<CacheOptions> => ({
  success: { ...DEFAULTS.success, ...table },
  denial: { ...DEFAULTS.denial, ...table },
})
const success = (table: Partial<CacheOptions['success']>): Partial<CacheOptions> => ({
  success: { ...DEFAULTS.success, ...table },
})
const denial = (table: Partial<CacheOptions['success']>): Partial<CacheOptions> => ({
  denial: { ...DEFAULTS.denial, ...table },
})

const cases: { text: string; expected: Partial<CacheOptions> }[] = [
  { text: 'cache', expected: {} },
  { text: 'cache {\n}', expected: {} },
  { text: 'cache 30', expected: both({ ttlSeconds: 30 }) },
  { text: 'cache 7200', expected: both({ ttlSeconds: 7200 }) },
  { text: 'cache EXAMPLE.net', expected: { zones: ['example.net.'] } },
  {
    text: 'cache 30 example.net 192.0.2.0/24',
    expected: { ...both({ ttlSeconds: 30 }), zones: ['example.net.', '2.0.192.in-addr.arpa.'] },
  },
  { text: 'cache {\nsuccess 10000\n}', expected: success({ capacity: 9984 }) },
  { text: 'cache {\nsuccess 20000\n}', expected: success({ capacity: 19968 }) },
  { text: 'cache {\nsuccess 0\n}', expected: success({ capacity: 1024 }) },
  { text: 'cache {\nsuccess -1\n}', expected: success({ capacity: 1024 }) },
  { text: 'cache {\nsuccess 2048 60\n}', expected: success({ capacity: 2048, ttlSeconds: 60 }) },
  {
    text: 'cache {\nsuccess 2048 60 0\n}',
    expected: success({ capacity: 2048, ttlSeconds: 60, minTtlSeconds: 0 }),
  },
  {
    text: 'cache {\ndenial 2048 60 10\n}',
    expected: denial({ capacity: 2048, ttlSeconds: 60, minTtlSeconds: 10 }),
  },
  { text: 'cache {\nprefetch 0\n}', expected: {} },
  {
    text: 'cache {\nprefetch 3\n}',
    expected: { prefetch: { amount: 3, windowSeconds: 60, percentage: 10 } },
  },
  {
    text: 'cache {\nprefetch 3 10m 20%\n}',
    expected: { prefetch: { amount: 3, windowSeconds: 600, percentage: 20 } },
  },
  { text: 'cache {\nserve_stale\n}', expected: { stale: STALE } },
  { text: 'cache {\nserve_stale 0s\n}', expected: {} },
  { text: 'cache {\nserve_stale 20m\n}', expected: { stale: { ...STALE, forSeconds: 1200 } } },
  {
    text: 'cache {\nserve_stale 1h IMMEDIATE 30s 5s\n}',
    expected: { stale: { ...STALE, ttlSeconds: 30, recheckSeconds: 5 } },
  },
  { text: 'cache {\nserve_stale 1h Verify\n}', expected: { stale: { ...STALE, mode: 'verify' } } },
  {
    text: 'cache {\nserve_stale 1h verify 500ms 30 5m\n}',
    expected: {
      stale: {
        ...STALE,
        mode: 'verify',
        verifyTimeoutMs: 500,
        ttlSeconds: 30,
        recheckSeconds: 300,
      },
    },
  },
  {
    text: 'cache {\nserve_stale\nserve_stale_policy prefer_positive\n}',
    expected: { stale: STALE, preferPositive: true },
  },
  {
    text: 'cache {\nserve_stale_policy prefer_positive\nserve_stale\n}',
    expected: { stale: STALE, preferPositive: true },
  },
  { text: 'cache {\nservfail 0\n}', expected: { servfailSeconds: 0 } },
  { text: 'cache {\nservfail 5m\n}', expected: { servfailSeconds: 300 } },
  { text: 'cache {\ndisable success\n}', expected: success({ disabledZones: ['.'] }) },
  {
    text: 'cache {\ndisable denial a.example.net b.example.net\n}',
    expected: denial({ disabledZones: ['a.example.net.', 'b.example.net.'] }),
  },
  {
    text: 'cache {\ndisable success example.net\ndisable success example.com\n}',
    expected: success({ disabledZones: ['example.com.'] }),
  },
  { text: 'cache {\nkeepttl\n}', expected: { keepTtl: true } },
]

for (const c of cases) {
  test(`cache options: ${JSON.stringify(c.text)}`, () => {
    assert.deepEqual(options(cache, c.text, 'example.org'), { ...DEFAULTS, ...c.expected })
  })
}

const argErr = (word: string, line = 3): string =>
  `Corefile:${line} - Error during parsing: Wrong argument count or unexpected line ending after '${word}'`

const errors: { text: string; message: string }[] = [
  { text: 'cache\ncache 5', message: 'this plugin can only be used once per Server Block' },
  { text: 'cache 0', message: 'cache TTL can not be zero or negative: 0' },
  { text: 'cache -5', message: 'cache TTL can not be zero or negative: -5' },
  { text: 'cache {\nbogus\n}', message: argErr('bogus') },
  { text: 'cache {\nsuccess\n}', message: argErr('success') },
  { text: 'cache {\nsuccess many\n}', message: 'strconv.Atoi: parsing "many": invalid syntax' },
  { text: 'cache {\nsuccess 1 0\n}', message: 'cache TTL can not be zero or negative: 0' },
  { text: 'cache {\ndenial 1 x\n}', message: 'strconv.Atoi: parsing "x": invalid syntax' },
  { text: 'cache {\ndenial 1 1 -1\n}', message: 'cache min TTL can not be negative: -1' },
  { text: 'cache {\nprefetch\n}', message: argErr('prefetch') },
  { text: 'cache {\nprefetch 1 1m 10% x\n}', message: argErr('x') },
  { text: 'cache {\nprefetch -1\n}', message: 'prefetch amount should be positive: -1' },
  { text: 'cache {\nprefetch 1 soon\n}', message: 'time: invalid duration "soon"' },
  {
    text: 'cache {\nprefetch 1 1m 10\n}',
    message: "last character of percentage should be `%`, but is: '0'",
  },
  { text: 'cache {\nprefetch 1 1m 9%\n}', message: 'percentage should fall in range [10, 90]: 9' },
  {
    text: 'cache {\nprefetch 1 1m 91%\n}',
    message: 'percentage should fall in range [10, 90]: 91',
  },
  { text: 'cache {\nprefetch 1 1m ""\n}', message: argErr('') },
  { text: 'cache {\nserve_stale -1s\n}', message: 'invalid negative duration for serve_stale' },
  {
    text: 'cache {\nserve_stale 1h later\n}',
    message: 'invalid value for serve_stale refresh mode: later',
  },
  { text: 'cache {\nserve_stale 1h immediate 1s 1s 1s\n}', message: argErr('1s') },
  { text: 'cache {\nserve_stale 1h verify 1s 1s 1s 1s\n}', message: argErr('1s') },
  {
    text: 'cache {\nserve_stale 1h verify -1s\n}',
    message: 'invalid negative duration for serve_stale verify timeout',
  },
  {
    text: 'cache {\nserve_stale 1h immediate 500ms\n}',
    message: 'serve_stale response TTL must be whole seconds: 500ms',
  },
  {
    text: 'cache {\nserve_stale 1h immediate 0s 301s\n}',
    message: 'serve_stale failure recheck cannot exceed 5 minutes',
  },
  {
    text: 'cache {\nserve_stale_policy prefer_positive\n}',
    message: 'serve_stale_policy requires serve_stale',
  },
  {
    text: 'cache {\nserve_stale\nserve_stale_policy other\n}',
    message: 'invalid value for serve_stale_policy: other',
  },
  { text: 'cache {\nserve_stale\nserve_stale_policy\n}', message: argErr('serve_stale_policy', 4) },
  {
    text: 'cache {\nserve_stale\nserve_stale_policy prefer_positive\nserve_stale_policy prefer_positive\n}',
    message: 'serve_stale_policy can only be specified once',
  },
  { text: 'cache {\nservfail\n}', message: argErr('servfail') },
  { text: 'cache {\nservfail -1s\n}', message: 'invalid negative ttl for servfail' },
  {
    text: 'cache {\nservfail 301s\n}',
    message: 'caching SERVFAIL responses over 5 minutes is not permitted',
  },
  { text: 'cache {\ndisable\n}', message: argErr('disable') },
  {
    text: 'cache {\ndisable all\n}',
    message: 'cache type for disable must be "success" or "denial"',
  },
  { text: 'cache {\nkeepttl yes\n}', message: argErr('yes') },
]

for (const c of errors) {
  test(`cache error: ${JSON.stringify(c.text)}`, () =>
    assert.equal(parseError(cache, c.text), c.message))
}
