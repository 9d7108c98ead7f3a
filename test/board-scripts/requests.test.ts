/** What the steward understands of what a server, perhaps taken over, writes to it: board/root/usr/lib/porchlight/requests.sh. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runShell } from './shell.ts'

const understood = [
  'a1 healthy',
  'a1 reboot',
  'a1 poweroff',
  'a1 factory-reset',
  'a1 install 0.2.0',
  'a1 choose a 0.1.0',
  'a1 choose b 1.20.3-rc.1',
  'a1 back',
  'a1 network dhcp',
  'a1 network fixed 192.168.1.5/24 192.168.1.1 192.168.1.1',
  'a1 network fixed 10.0.0.2/8 10.0.0.1 9.9.9.9,2620:fe::fe,1.1.1.1,8.8.8.8',
  'a1 hostname porchlight',
  'a1 hostname a',
  'a1 ports',
  'a1 ports 25 465 587 110 995 5353/udp',
  'a1 first-boot',
  'a1 save-clock',
  '0123456789abcdef log',
] as const

const refused = [
  'a1',
  'a1 sh',
  'a1 reboot now',
  'a1 REBOOT',
  'a1 do-reboot',
  'a1 install',
  'a1 install b',
  'a1 install 0.2.0 0.3.0',
  'a1 choose',
  'a1 choose c 0.1.0',
  'a1 choose a',
  'a1 choose a v1',
  'a1 choose a -1',
  'a1 choose a 0.1.0 x',
  'a1 choose ab 0.1.0',
  `a1 choose a 1${'0'.repeat(64)}`,
  'a1 network',
  'a1 network dhcp eth0',
  'a1 network fixed 192.168.1.5 192.168.1.1 192.168.1.1',
  'a1 network fixed 192.168.1.5/33 192.168.1.1 192.168.1.1',
  'a1 network fixed 192.168.1.5/0 192.168.1.1 192.168.1.1',
  'a1 network fixed 192.168.1.256/24 192.168.1.1 192.168.1.1',
  'a1 network fixed 192.168.1/24 192.168.1.1 192.168.1.1',
  'a1 network fixed 192.168.1.5.6/24 192.168.1.1 192.168.1.1',
  'a1 network fixed 192.168.1.5./24 192.168.1.1 192.168.1.1',
  'a1 network fixed 192.168.1.5/24 192.168.1.1. 192.168.1.1',
  'a1 network fixed 192.168.1.5/24 fe80::1 192.168.1.1',
  'a1 network fixed 192.168.1.5/24 192.168.1.1',
  'a1 network fixed 192.168.1.5/24 192.168.1.1 ,',
  'a1 network fixed 192.168.1.5/24 192.168.1.1 1.1.1.1,,1.1.1.1',
  'a1 network fixed 192.168.1.5/24 192.168.1.1 1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1',
  'a1 network fixed 192.168.1.5/24 192.168.1.1 home.example',
  'a1 hostname',
  'a1 hostname -porch',
  'a1 hostname porch-',
  'a1 hostname Porch',
  'a1 hostname porch.light',
  `a1 hostname ${'a'.repeat(64)}`,
  'a1 ports 0',
  'a1 ports 65536',
  'a1 ports 025',
  'a1 ports 25/tcp',
  'a1 ports 25/udp/udp',
  'a1 ports -25',
  `a1 ports ${Array.from({ length: 33 }, (_, index) => 100 + index).join(' ')}`,
] as const

// Nobody to answer: no id, or characters that no request has.
const unheard = [
  '',
  ' ',
  'A1 reboot',
  'a_1 reboot',
  '../a reboot',
  'a1/ reboot',
  `${'a'.repeat(17)} reboot`,
  'a1 hostname $(reboot)',
  'a1 hostname `reboot`',
  'a1 hostname a;reboot',
  'a1 hostname *',
  'a1 hostname ?',
  'a1 hostname [a]',
  "a1 hostname 'a'",
  'a1 hostname a\\',
  'a1 hostname a\tb',
  'a1 hostname a\nb reboot',
  'a1 hostname é',
  'a1 reboot\r',
  `a1 ports ${'25 '.repeat(200)}`,
] as const

const script =
  'if read_request "$1"; then printf "%s|%s|%s|%s" "$id" "$word" "$all" "$refusal"; else printf unheard; fi'

function read(line: string): string {
  return runShell(['words', 'requests'], script, [line])
}

for (const line of understood) {
  test(`it is understood: ${line}`, () => {
    const [id, word, ...operands] = line.split(' ')
    assert.equal(read(line), `${id}|${word}|${operands.join(' ')}|`)
  })
}

for (const line of refused) {
  test(`it is refused with a sentence: ${line.slice(0, 80)}`, () => {
    assert.match(read(line), /^a1\|.*\|(There is no such request\.|That is not how ".*" is asked\.)$/)
  })
}

for (const line of unheard) {
  test(`nobody is answered: ${JSON.stringify(line.slice(0, 40))}`, () => {
    assert.equal(read(line), 'unheard')
  })
}
