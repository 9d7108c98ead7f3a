/** A process that changes the configuration without end, until it is killed: test/console/configuration-killed.test.ts. */
import { defaultConfig } from '../../src/base/config.ts'
import { Configuration } from '../../src/commands/configuration.ts'

const [, , file = ''] = process.argv
const configuration = await Configuration.open({
  places: { config: file, configAsked: false },
  config: defaultConfig(),
  apply: async () => {},
})
const change = (i: number) =>
  configuration.change([
    ['mail.catch_all', i % 2 === 0 ? 'alice' : 'bob'],
    ['limits.recipients', 100 + (i % 2)],
  ])
await change(0)
await change(1)
process.stdout.write('changing\n')
for (let i = 0; ; i++) await change(i)
