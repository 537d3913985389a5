// What the bench suite makes of its figures: what it keeps, tables, the page and the charts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judge } from '../bench/goals.ts'
import { keep, readKept, withNewer } from '../bench/report/kept.ts'
import { logScale, tickText } from '../bench/report/log-scale.ts'
import { overview } from '../bench/report/overview.ts'
import { benchmarksPage } from '../bench/report/page.ts'
import { ratioChart, ratioText } from '../bench/report/ratio-chart.ts'
import type { Report } from '../bench/report/report.ts'
import { tableOf } from '../bench/report/rows.ts'
import { chart } from '../bench/report/svg.ts'
import { SCENARIOS } from '../bench/scenarios/index.ts'
import { targetResults } from '../bench/targets.ts'
import { readRepositoryFile } from './support/source-files.ts'

const ORDER = SCENARIOS.map(({ name }) => name)

const MACHINE = {
  ...{ kernel: 'Linux 6', cpu: 'a processor', cpuCount: 2, memoryMiB: 1024, node: 'v26.0.0' },
  loadAverage: 0,
}

const reportOf = (more: Partial<Report> = {}): Report => ({
  ...{ scenario: 'hits', title: 'Hits', columns: ['qps', 'lost', 'cpuUs', 'rssMiB'] },
  ...{ compared: 'cpuUs', when: '2026-12-01T00:00:00.000Z', command: 'npm run bench -- hits' },
  ...{ rounds: 2, seconds: 1, machine: MACHINE, versions: { shardns: '1.0.0', unbound: '1' } },
  baselines: { shardns: 'unbound', unbound: 'unbound', 'echo-c': 'unbound' },
  outcome: {
    samples: {
      shardns: [
        { round: 0, qps: 1000, lost: 0, cpuUs: 2 },
        { round: 1, qps: 3000, lost: 4, cpuUs: 3 },
      ],
      unbound: [
        { round: 0, qps: 900, lost: 0, cpuUs: 4 },
        { round: 1, qps: 900, lost: 0, cpuUs: 4 },
      ],
      'echo-c': [{ round: 0, qps: 5000, lost: 0, cpuUs: 1 }],
    },
    dropped: { coredns: 'not there' },
    notes: ['A note.'],
  },
  ...more,
})

test('a report is kept as medians, lowest and highest, and ratios round by round', () => {
  const kept = keep(reportOf())
  assert.deepEqual(kept.columns, ['qps', 'lost', 'cpuUs'])
  assert.deepEqual(kept.figures.shardns, {
    qps: [2000, 1000, 3000],
    lost: [2, 0, 4],
    cpuUs: [2.5, 2, 3],
  })
  assert.deepEqual(kept.ratios.shardns, [0.625, 0.5, 0.75])
  assert.deepEqual(kept.against, { unbound: 0.625 })
  assert.equal(kept.baseline, 'unbound')
})

test('wrong answers have a column of their own, if there are any', () => {
  const samples = { shardns: [{ round: 0, qps: 1, wrong: 3 }], unbound: [{ round: 0, wrong: 0 }] }
  const outcome = { samples, dropped: {}, notes: [] }
  assert.deepEqual(keep(reportOf({ outcome })).columns, ['qps', 'wrong'])
})

test('a table shows medians, but of lost queries the worst round', () => {
  const { head, rows } = tableOf(keep(reportOf()))
  assert.deepEqual(head, ['', 'q/s', 'lost', 'CPU µs/q', 'CPU µs/q of unbound'])
  assert.deepEqual(rows, [
    ['shardns', '2,000', '4', '2.50', '0.63 (0.50..0.75)'],
    ['unbound', '900', '0', '4.00', '1.00 (1.00..1.00)'],
    ['echo-c', '5,000', '0', '1.00', '0.25 (0.25..0.25)'],
  ])
})

test('a newer report takes the place of what was kept, and an older one does not', async t => {
  const none = { reports: {}, goals: {} }
  const first = withNewer(none, [reportOf()])
  assert.deepEqual(Object.keys(first.reports), ['hits'])
  assert.deepEqual(first.goals['hits, CPU per query: of Unbound'], [0.625, 0.5, 0.75])
  await t.test('older', () =>
    assert.deepEqual(withNewer(first, [reportOf({ when: '2026-11-30T00:00:00.000Z' })]), first),
  )
  await t.test('another scenario', () => {
    const outcome = { samples: { shardns: [{ round: 0, qps: 1 }] }, dropped: {}, notes: [] }
    const both = withNewer(first, [reportOf({ scenario: 'tcp', outcome })])
    assert.deepEqual(both.reports.hits, first.reports.hits)
    assert.deepEqual(both.goals, first.goals)
    assert.deepEqual(Object.keys(both.reports), ['hits', 'tcp'])
  })
})

test('a goal is judged by the median, and one that was not measured is not judged', () => {
  const text = 'hits, CPU per query: of Unbound'
  const judged = (median: number) =>
    judge(name => (name === text ? { median, min: 0.1, max: 9 } : undefined))
  const goal = (median: number) => judged(median).find(found => found.goal === text)
  assert.equal(goal(0.92)?.isReached, true)
  assert.equal(goal(0.93)?.isReached, false)
  const others = judged(1).filter(found => found.goal !== text)
  assert.ok(others.every(({ isReached, measured }) => !isReached && measured === 'not measured'))
})

/** The medians of the contestants in one scenario, beside CoreDNS. */
const measured =
  (scenario: string, metric: string) =>
  (medians: Record<string, number>): Report =>
    reportOf({
      ...{ scenario, columns: [metric], compared: metric },
      baselines: Object.fromEntries(Object.keys(medians).map(name => [name, 'coredns'])),
      outcome: {
        samples: Object.fromEntries(
          Object.entries(medians).map(([name, value]) => [name, [{ round: 0, [metric]: value }]]),
        ),
        ...{ dropped: {}, notes: [] },
      },
    })

const targetOf = (what: string, reports: readonly Report[]) => {
  const kept = Object.fromEntries(reports.map(report => [report.scenario, keep(report)]))
  const found = targetResults(kept).find(target => target.what === what)
  return found && [found.now, found.isReached, found.coredns, found.unbound]
}

const START = 'start to first answer, package'
const start = measured('start', 'startMs')
const FIRST_SECOND = "… of CoreDNS's"
const firstSecond = measured('first-second', 'firstP99Us')
const memory = measured('memory', 'afterMiB')

const TARGETS = [
  {
    rule: 'nothing measured: what older runs told stands in brackets',
    ...{ what: START, reports: [] },
    expected: ['not measured', undefined, '(26 ms)', ''],
  },
  {
    rule: 'measured, CoreDNS was not there',
    ...{ what: START, reports: [start({ 'shardns-built': 129.6, unbound: 30 })] },
    expected: ['130 ms', true, '(26 ms)', '30 ms'],
  },
  {
    rule: 'measured beside CoreDNS, goal not reached',
    ...{ what: START, reports: [start({ 'shardns-built': 131, coredns: 25 })] },
    expected: ['131 ms', false, '25 ms', ''],
  },
  {
    rule: 'of CoreDNS, in the same runs',
    ...{ what: FIRST_SECOND, reports: [firstSecond({ 'shardns-built': 600, coredns: 200 })] },
    expected: ['3.0 x', true, '', ''],
  },
  {
    rule: 'of CoreDNS, which was not there',
    ...{ what: FIRST_SECOND, reports: [firstSecond({ 'shardns-built': 600 })] },
    expected: ['not measured', undefined, '', ''],
  },
  {
    ...{ rule: 'each further shard', what: '… each further shard' },
    reports: [memory({ 'shardns-built-2': 90, 'shardns-built-4': 122, coredns: 50 })],
    expected: ['16 MiB', false, '', ''],
  },
]

test('targets: now, whether reached, CoreDNS, Unbound', async t => {
  for (const { rule, what, reports, expected } of TARGETS)
    await t.test(rule, () => assert.deepEqual(targetOf(what, reports), expected))
})

const SCALES = [
  { rule: 'nothing', values: [], ticks: [0.5, 1, 2] },
  { rule: 'only what is near', values: [0.9, 1.1], ticks: [0.5, 1, 2] },
  { rule: 'far above', values: [0.9, 30], ticks: [0.5, 1, 2, 5, 10, 20, 50] },
  { rule: 'far below', values: [0.03, 1], ticks: [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2] },
  { rule: 'exactly at a tick', values: [0.2, 5], ticks: [0.2, 0.5, 1, 2, 5] },
  {
    rule: 'beyond the ends, and nothing at all',
    values: [0, 1000, Number.NaN],
    ticks: [0.5, 1, 2, 5, 10, 20, 50, 100, 200],
  },
]

test('a scale has room for all values, and the same steps on both sides', async t => {
  for (const { rule, values, ticks } of SCALES)
    await t.test(rule, () => {
      const scale = logScale(values)
      assert.deepEqual(scale.ticks, ticks)
      assert.equal(scale.at(ticks[0] as number), 0)
      assert.equal(scale.at(ticks.at(-1) as number), 1)
    })
  const { at, isBeyond } = logScale([0.2, 5])
  assert.ok(Math.abs(at(1) - 0.5) < 1e-9)
  assert.ok(Math.abs(at(2) - at(1) - (at(1) - at(0.5))) < 1e-9)
  assert.deepEqual([0.1, 6, 0].map(at), [0, 1, 0])
  assert.deepEqual([0, 0.1, 0.2, 5, 6].map(isBeyond), [true, true, false, false, true])
})

test('ticks and ratios as text', () => {
  assert.deepEqual([0.005, 0.5, 1, 200].map(tickText), ['1/200', '1/2', '1', '200'])
  assert.deepEqual([0, 0.0042, 0.042, 0.42, 4.2, 42].map(ratioText), [
    ...['0 ×', '0.0042 ×', '0.042 ×', '0.42 ×', '4.20 ×', '42 ×'],
  ])
})

const bar = (title: string, median: number, kind: 'theirs' | 'other' | 'floor' = 'theirs') => ({
  ...{ title, kind, median, min: median, max: median, text: `${median} µs` },
})

const drawn = (...bars: readonly ReturnType<typeof bar>[]): string =>
  ratioChart({
    ...{ title: 'A & B', notes: ['of <all>'] },
    groups: [{ title: 'Hits', unit: bar('shardns', 2), bars }],
  })

/** The class of the dot that ends the bar, and how wide that is. */
const marksOf = (svg: string): [string, number][] =>
  [...svg.matchAll(/<rect class="(\w+)" [^>]*width="([\d.]+)"/g)].map(([, look = '', width]) => [
    look,
    Number(width),
  ])

test('a bar goes to the side on which a server takes more or less, and all end in a dot', () => {
  const svg = drawn(
    bar('a', 1),
    bar('b', 4),
    bar('c', 2),
    bar('d', 4, 'other'),
    bar('e', 1, 'floor'),
  )
  const marks = marksOf(svg)
  assert.deepEqual(
    marks.map(([look]) => look),
    ['less', 'more', 'more', 'other', 'floor'],
  )
  const [less, more, same] = marks.map(([, width]) => width)
  assert.equal(less, more)
  assert.equal(same, 0)
  // Those of the legend stand in one column less.
  assert.equal([...svg.matchAll(/<circle /g)].length, 5 + 4)
  assert.match(svg, /A &amp; B/)
  assert.match(svg, /of &lt;all&gt;/)
  assert.match(svg, /shardns 2 µs/)
})

test('a bar that leaves the scale has an arrow', () => {
  const arrows = (svg: string) => [...svg.matchAll(/<path class="(?:less|more)" d="M/g)].length
  assert.equal(arrows(drawn(bar('a', 1), bar('b', 400))), 0)
  assert.equal(arrows(drawn(bar('a', 0), bar('b', 4000))), 2)
})

test('the legend has what occurs, and both schemes have the same classes', () => {
  assert.doesNotMatch(drawn(bar('a', 1)), /echo|another shardns/)
  assert.match(drawn(bar('a', 1, 'floor')), /echo/)
  const [light = '', dark = ''] = drawn(bar('a', 1)).split('@media (prefers-color-scheme: dark)')
  const classes = (text: string) => [...text.matchAll(/^\s*(\.\w+|text) \{/gm)].map(m => m[1])
  assert.deepEqual(classes(dark), classes(light))
})

test('a chart leaves out what was not measured beside shardns', () => {
  const figures = (names: readonly string[]) => ({
    ...reportOf(),
    outcome: {
      samples: Object.fromEntries(names.map(name => [name, [{ round: 0, cpuUs: 1 }]])),
      ...{ dropped: {}, notes: [] },
    },
  })
  const of = (...names: readonly string[]) => ({
    ...{ reports: { hits: keep(figures(names)) }, goals: {} },
  })
  assert.doesNotMatch(chart(of('unbound')), /Hits/)
  assert.doesNotMatch(chart(of('shardns')), /Hits/)
  assert.match(chart(of('shardns', 'unbound')), /Hits \(2026-12-01\)/)
  assert.equal(overview(of('unbound')), undefined)
  assert.equal(overview(of('shardns')), undefined)
  assert.match(overview(of('shardns', 'coredns')) ?? '', /CoreDNS/)
})

test('sections of the page that others wrote stay where they stood', () => {
  const kept = withNewer({ reports: {}, goals: {} }, [reportOf()])
  const page = benchmarksPage(kept, ORDER, '')
  const other = '## Memory by part\n\nSome words.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n'
  const places = ['What it was measured on', 'Goals', 'Figures']
  for (const place of places) {
    const given = page.replace(`## ${place}\n`, `${other}## ${place}\n`)
    assert.equal(benchmarksPage(kept, ORDER, given), given)
  }
  const two = `${page}\n${other.trim()}\n\n## More\n\nWords.\n`
  assert.equal(benchmarksPage(kept, ORDER, two), two)
  assert.match(page, /- Left out: coredns \(not there\)\.\n- A note\./)
  assert.match(page, /- Hits \(CPU µs\/q of shardns\): 0\.6[23] x unbound/)
})

test('the page and the charts are what the bench writes from bench/figures.json', () => {
  const kept = readKept()
  const page = readRepositoryFile('docs/benchmarks.md')
  assert.equal(benchmarksPage(kept, ORDER, page), page)
  assert.equal(chart(kept), readRepositoryFile('docs/benchmarks.svg'))
  assert.equal(overview(kept), readRepositoryFile('docs/overview.svg'))
})
