// How much of it a suite does that takes long: a short form among the ordinary tests, all of it in
// `npm run trust`.

export const THOROUGH_VARIABLE = 'SHARDNS_TEST_THOROUGHLY'

export const isThorough = process.env[THOROUGH_VARIABLE] === '1'
