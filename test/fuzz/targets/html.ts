// Any text is some page: lines without line ends, in bounded length, a hidden word in none of them, at any split the same.
import assert from 'node:assert/strict'
import { budget } from '../../../src/base/budget.ts'
import { plainText } from '../../../src/message/charset.ts'
import { loadHtml } from '../../../src/message/html.ts'
import { stretches, type Target } from '../engine.ts'

const open = await loadHtml()

function read(pieces: Iterable<string>): readonly string[] {
  const lines: string[] = []
  const html = open(line => lines.push(line))
  for (const piece of pieces) html.feed(piece)
  html.end()
  return lines
}

export const html: Target = {
  seeds: [
    '<p>Hello <a href="https://x.example/">www.y.example</a><br>there</p>',
    '<ul><li>one<ol><li>two</ol></ul><blockquote>said</blockquote><pre> a\n\tb</pre>',
    '<table><tr><td>a<td>b</table><div style="display:none">secret</div><script>secret</script>',
    '&amp;&#x41;&nosuch; <img alt="x"> <!-- secret -->',
  ],
  words: [
    ...['<', '>', '</', '/>', '"', "'", '=', '&', ';', '<!--', '-->', '<![CDATA[', ']]>', '<!DOCTYPE ', '<?'],
    ...['p', 'a', 'td', 'li', 'ul', 'ol', 'pre', 'br', 'div', 'svg', 'style', 'script', 'title', 'form', 'blockquote'],
    ...[
      ' href=',
      ' style=',
      ' hidden',
      ' alt=',
      'display:none',
      'https://a.example',
      'mailto:',
      '\n',
      ' ',
      '\u00ad',
      '\u4f60',
    ],
  ],
  check(input) {
    const text = plainText(input)
    const lines = read([text])
    assert.deepEqual(read(text), lines)
    for (const line of lines) assert.ok(!/[\r\n]/.test(line) && line.length < budget.readLine + 500)
    return stretches(lines.join('\n').replaceAll(/[^\n[\]>*\d. ]+/g, 'a'), 6)
  },
}
