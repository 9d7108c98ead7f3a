/** Who sits at the line and changes accounts, aliases and a setting, one after the other. */
import type { Doubtful, Mailbox } from '../../crash/model.ts'
import type { Random } from '../../crash/random.ts'
import { Lost } from '../../crash/session.ts'
import { say } from './household.ts'
import { sizeSetting } from './ledger.ts'
import type { Board, Scene } from './traffic.ts'

const guests = ['guest-1', 'guest-2']
const alias = 'team'
const sizes = ['20', '30', '40', '50']

export async function keep({ board, ledger, fuse }: Scene, random: Random): Promise<void> {
  const { model, size } = ledger
  switch (random.pick(['guest', 'guest', 'alias', 'setting', 'sweep'])) {
    case 'guest':
      await keepGuest(board, model.guest(random.pick(guests)), random)
      break
    case 'alias': {
      const targets = model.alias(alias)
      const [after, line] =
        targets.now === '' ? ['bob, carol', `alias add ${alias} bob carol`] : ['', `alias remove ${alias}`]
      await change(targets, after, () => atPrompt(board, line))
      break
    }
    case 'sweep':
      await atPrompt(board, 'jobs run sweep')
      return
    default: {
      const after = random.pick(sizes)
      await change(size, after, () => atPrompt(board, `config set ${sizeSetting} ${after} MiB`))
    }
  }
  fuse.acknowledged('change')
}

async function keepGuest(board: Board, { name, password }: Mailbox, random: Random): Promise<void> {
  const secret = `secret ${random.below(2 ** 32)}`
  if (password.now === '') return change(password, secret, () => choose(board, `user add ${name}`, secret, 'is ready'))
  if (random.percent(50)) return change(password, '', () => atPrompt(board, `user remove ${name}`))
  return change(password, secret, () => choose(board, `user password ${name}`, secret, 'is changed'))
}

async function change(value: Doubtful<string>, after: string, work: () => Promise<unknown>): Promise<void> {
  value.attempt(after)
  await work()
  value.acknowledge()
}

async function choose(board: Board, line: string, secret: string, done: string): Promise<void> {
  await insist(async () => {
    board.type(`${line}\r`)
    for (const question of ['New password: ', 'The same again: ']) {
      await board.shows(question)
      board.type(`${secret}\r`)
    }
    await board.shows(new RegExp(`${done}[\\s\\S]*porchlight> `))
  })
}

function atPrompt(board: Board, line: string): Promise<string> {
  return insist(() => say(board, line))
}

/** At a line that has gone dark nobody is asked any more. */
async function insist<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work()
  } catch (cause) {
    throw new Lost('the line says nothing any more', { cause })
  }
}
