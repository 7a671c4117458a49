import { expect, test } from 'vitest'
import { EventParser } from './sse'

const TEXT = ': hi\nevent: changes\nid: 7@abc\ndata: {"a":\ndata: 1}\n\ndata:x\r\n\r\n'

test('events come whole, however the text is cut', () => {
  for (let at = 0; at <= TEXT.length; at += 1) {
    const parser = new EventParser()
    const events = [...parser.feed(TEXT.slice(0, at)), ...parser.feed(TEXT.slice(at))]
    expect(events).toEqual([
      { event: 'changes', data: '{"a":\n1}', id: '7@abc' },
      { event: 'message', data: 'x', id: '7@abc' },
    ])
  }
})

test('half an event at the end of a connection is no event', () => {
  const parser = new EventParser()
  expect(parser.feed('event: changes\nid: 8@abc\ndata: {}\n')).toEqual([])
})

test('an id without data is not an event', () => {
  expect(new EventParser().feed('id: 9@abc\n\n')).toEqual([])
})
