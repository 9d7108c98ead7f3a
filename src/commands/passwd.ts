/** The command that changes a password, of an account or of the console: passwd. */
import { type Call, type Command, type Context, type Lines, places } from './command.ts'
import { changePassword, existing, newPassword } from './users.ts'

/** Under which the console's password is kept, hashed, in the settings of the store. */
export const passwordSetting = 'console.password'

export const passwd: readonly Command[] = [
  {
    name: 'passwd',
    operands: 'NAME|console',
    options: ['generate', 'password-stdin', ...places],
    group: 'Accounts',
    summary: 'Change a password, of the console too',
    details: [
      'passwd console is for the password that a serial console asks for, passwd NAME the same as user password NAME. It is asked for twice without showing it. If the one of the console is lost: an empty file named reset-console-password beside porchlight.toml, put there by whoever can write to the card, takes it away at the next start.',
    ],
    examples: ['porchlight passwd alice', 'porchlight passwd console'],
    runs: 'inside',
    password: true,
    ready: ({ operands: [name = ''] }, household) => void (name === 'console' || existing(name, household)),
    run: (call, context) =>
      call.operands[0] === 'console' ? changeConsole(call, context) : changePassword(call, context),
  },
]

async function changeConsole({ options }: Call, context: Context): Promise<Lines> {
  const { settings, config } = context.household
  const { hash, lines } = await newPassword(options.generate, context)
  await settings.set(passwordSetting, hash)
  const told = ['The password of the console is changed.', ...lines]
  if (config.console.trust === 'password') return told
  return [...told, 'It is not asked for yet. To have it asked for: porchlight config set console.trust password']
}
