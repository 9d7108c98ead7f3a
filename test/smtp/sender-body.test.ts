import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import { mostRecipients } from '../../src/smtp/extensions.ts'
import { Service, type Step, transaction } from './sender-run.ts'

const send: Step = sender => sender.send(transaction())

/** A service whose peer has these extensions and takes the envelope; the message is next. */
async function opened(extensions: readonly string[], message: readonly (Buffer | undefined)[], ...steps: Step[]) {
  const service = new Service({ steps: [send, ...steps], message })
  await service.hear('220 mx\r\n')
  await service.hear(['250-mx', ...extensions.map(name => `250-${name}`), '250 HELP', ''].join('\r\n'))
  const groups = extensions.includes('PIPELINING') ? ['250 ok\r\n250 ok\r\n'] : ['250 ok\r\n', '250 ok\r\n']
  const said: Buffer[] = []
  for (const group of groups) said.push(await service.hear(group))
  return { service, said: said.at(-1) ?? Buffer.alloc(0) }
}

/** The BDAT lines in what was said, and the octets between them. */
function chunks(said: Buffer): { lines: string[]; octets: Buffer } {
  const lines: string[] = []
  const octets: Buffer[] = []
  for (let at = 0; at < said.length; ) {
    const end = said.indexOf('\r\n', at)
    const line = said.toString('latin1', at, end)
    const size = Number(/^BDAT (\d+)(?: LAST)?$/.exec(line)?.[1])
    assert.ok(size >= 0, line)
    lines.push(line)
    octets.push(said.subarray(end + 2, end + 2 + size))
    at = end + 2 + size
  }
  return { lines, octets: Buffer.concat(octets) }
}

const block = (fill: string, octets: number = budget.block) => Buffer.alloc(octets, fill)

describe('a message in chunks', () => {
  test('goes in blocks, the last one with LAST, whatever the pieces it is given in', async () => {
    const pieces = [block('h', 100), block('a'), block('b', 3 * budget.block + 5), block('c', 1)]
    const { service, said } = await opened(['PIPELINING', 'CHUNKING'], pieces)
    const { lines, octets } = chunks(said)
    assert.deepEqual(lines, [...Array(4).fill(`BDAT ${budget.block}`), 'BDAT 106 LAST'])
    assert.deepEqual(octets, Buffer.concat(pieces))
    await service.hear('250 ok\r\n'.repeat(4))
    assert.deepEqual(service.log, ['greeted'])
    await service.hear('250 2.0.0 queued\r\n')
    assert.deepEqual(service.log, ['greeted', 'done delivered 250/2.0.0'])
  })

  test('of exactly a block is one chunk', async () => {
    const { said } = await opened(['PIPELINING', 'CHUNKING'], [block('a')])
    assert.deepEqual(chunks(said).lines, [`BDAT ${budget.block} LAST`])
  })

  test('of no octets is one chunk', async () => {
    const { said } = await opened(['PIPELINING', 'CHUNKING'], [])
    assert.deepEqual(chunks(said).lines, ['BDAT 0 LAST'])
  })

  test('waits for answers when many are missing', async () => {
    const pieces = Array.from({ length: 2 * budget.chunksUnanswered }, () => block('a'))
    const { service, said } = await opened(['PIPELINING', 'CHUNKING'], pieces)
    assert.equal(chunks(said).lines.length, budget.chunksUnanswered)
    assert.equal(service.patience, budget.blockMs)
    assert.equal(chunks(await service.hear('250 ok\r\n')).lines.length, 1)
    const rest = await service.hear('250 ok\r\n'.repeat(budget.chunksUnanswered))
    assert.equal(chunks(rest).lines.at(-1), `BDAT ${budget.block} LAST`)
    assert.ok(service.most < 3 * budget.block, `${service.most}`)
  })

  test('goes one chunk after the other without PIPELINING', async () => {
    const { service, said } = await opened(['CHUNKING'], [block('a'), block('b'), block('c', 2)])
    assert.deepEqual(chunks(said).lines, [`BDAT ${budget.block}`])
    assert.deepEqual(chunks(await service.hear('250 ok\r\n')).lines, [`BDAT ${budget.block}`])
    assert.deepEqual(chunks(await service.hear('250 ok\r\n')).lines, ['BDAT 2 LAST'])
    assert.equal(service.patience, budget.messageEndMs)
  })

  test('ends with the chunk that is refused, and the answers to the others do not count', async () => {
    const pieces = Array.from({ length: 100 }, () => block('a'))
    const { service } = await opened(['PIPELINING', 'CHUNKING'], pieces)
    const said = await service.hear(`250 ok\r\n452 4.3.1 full\r\n`)
    assert.equal(said.length, 0)
    const { chunksUnanswered } = budget
    const last = await service.hear('503 5.5.1 no\r\n'.repeat(chunksUnanswered - 2))
    assert.equal(last.toString(), 'RSET\r\nQUIT\r\n')
    assert.deepEqual(service.log, ['greeted', 'done deferred 452/4.3.1'])
  })

  test('ends before its first chunk where the peer has changed its mind', async () => {
    const { sender } = (await opened(['PIPELINING', 'CHUNKING'], [block('a', 4)], () => undefined)).service
    assert.equal(sender.next().type, 'need-input')
    sender.feed(Buffer.from('452 4.3.1 full\r\n'))
    assert.deepEqual(sender.next().type, 'done')
  })
})

describe('a message after DATA', () => {
  test('is not copied block by block where no dot is to be stuffed', async () => {
    const service = new Service({ steps: [send] })
    const { sender } = service
    for (const words of ['220 mx\r\n', '250-mx\r\n250 PIPELINING\r\n']) await service.hear(words)
    sender.feed(Buffer.from('250 ok\r\n250 ok\r\n354 go\r\n'))
    assert.deepEqual(sender.next(), { type: 'body', patience: budget.blockMs })
    const octets = block('a')
    sender.body(octets)
    assert.deepEqual([sender.full, sender.takeOutput() === octets, sender.full], [true, true, false])
  })

  test('is given as long as the output has room', async () => {
    const pieces = Array.from({ length: 1000 }, () => block('a', 1000))
    const service = new Service({ steps: [send], message: pieces })
    for (const words of ['220 mx\r\n', '250-mx\r\n250 PIPELINING\r\n']) await service.hear(words)
    const said = await service.hear('250 ok\r\n250 ok\r\n354 go\r\n')
    assert.equal(said.length, 1_000_000 + '\r\n.\r\n'.length)
    assert.ok(service.most < budget.output + 1010, `${service.most}`)
    assert.equal(service.patience, budget.messageEndMs)
  })
})

describe('a message that cannot be given whole', () => {
  for (const chunking of [true, false]) {
    test(`is broken off without its end, ${chunking ? 'in chunks' : 'after DATA'}`, async () => {
      const extensions = chunking ? ['PIPELINING', 'CHUNKING'] : ['PIPELINING']
      const { service, said } = await opened(extensions, [block('a'), block('b'), undefined], send)
      const written = chunking ? said : await service.hear('354 go\r\n')
      assert.doesNotMatch(written.toString('latin1'), /LAST|\.\r\n$/)
      assert.deepEqual(service.log, [
        'greeted',
        'done deferred 451/4.3.0*',
        // What is asked of it after that is deferred, too.
        'done deferred 451/4.3.0*',
        'closed',
      ])
      assert.equal(service.sender.takeOutput().length, 0)
    })
  }
})

describe('what is unwritten when the message is broken off', () => {
  test('is not written any more', async () => {
    const { sender } = (await opened(['PIPELINING'], [], () => undefined)).service
    sender.feed(Buffer.from('354 go\r\n'))
    assert.equal(sender.next().type, 'body')
    sender.body(block('a', 100))
    sender.abort()
    assert.deepEqual([sender.next().type, sender.next().type, sender.takeOutput().length], ['done', 'closed', 0])
  })
})

describe('a transaction with many recipients', () => {
  test('keeps its output within bounds and goes on as answers come', async () => {
    const paths = Array.from(
      { length: budget.transactionRecipients },
      (_, at) => `${'x'.repeat(200)}${at}@away.example`,
    )
    const service = new Service({ steps: [sender => sender.send(transaction({}, ...paths))] })
    await service.hear('220 mx\r\n')
    let said = (await service.hear(`250-mx\r\n250-PIPELINING\r\n250 LIMITS RCPTMAX=5000\r\n`)).toString()
    assert.equal(mostRecipients(service.sender.extensions), budget.transactionRecipients)
    let answered = 0
    const commands = () => said.split('\r\n').length - 1
    while (answered < commands()) {
      const now = commands() - answered
      assert.ok(now * 200 < 2 * budget.output, `${now}`)
      answered += now
      const ended = said.endsWith('DATA\r\n')
      said += (
        await service.hear(ended ? `${'250 ok\r\n'.repeat(now - 1)}354 go\r\n` : '250 ok\r\n'.repeat(now))
      ).toString()
      if (ended) break
    }
    assert.equal(said.match(/^RCPT TO:/gm)?.length, paths.length)
    assert.ok(said.endsWith('DATA\r\nhi\r\n.\r\n'))
    assert.ok(service.most < budget.output + 500, `${service.most}`)
    await service.hear('250 ok\r\n')
    assert.equal(service.results[0]?.length, paths.length)
  })

  test('is refused as a mistake where it has more than the peer takes, or none', async () => {
    const service = new Service({ steps: [() => undefined] })
    await service.hear('220 mx\r\n')
    await service.hear('250-mx\r\n250 LIMITS RCPTMAX=2\r\n')
    assert.throws(() => service.sender.send(transaction({}, 'a@b', 'c@b', 'd@b')), Error)
    assert.throws(() => service.sender.send({ ...transaction(), recipients: [] }), Error)
    service.sender.send(transaction({}, 'a@b', 'c@b'))
    await service.run()
  })
})
