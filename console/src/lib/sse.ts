// Server-sent events out of pieces of text, as the standard has it.

export interface ServerEvent {
  event: string
  data: string
  id: string
}

/** Takes text in pieces of any size, and gives the events that are complete. */
export class EventParser {
  #rest = ''
  #id = ''
  #event = ''
  #data: string[] = []

  feed(text: string): ServerEvent[] {
    const found: ServerEvent[] = []
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/)
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      const event = this.#take(line)
      if (event) found.push(event)
    }
    return found
  }

  #take(line: string): ServerEvent | undefined {
    if (line === '') return this.#done()
    if (line.startsWith(':')) return undefined
    const at = line.indexOf(':')
    const field = at < 0 ? line : line.slice(0, at)
    const value = at < 0 ? '' : line.slice(at + 1).replace(/^ /, '')
    if (field === 'data') this.#data.push(value)
    else if (field === 'event') this.#event = value
    else if (field === 'id' && !value.includes('\0')) this.#id = value
    return undefined
  }

  #done(): ServerEvent | undefined {
    const event = { event: this.#event || 'message', data: this.#data.join('\n'), id: this.#id }
    const empty = this.#data.length === 0
    this.#event = ''
    this.#data = []
    return empty ? undefined : event
  }
}
