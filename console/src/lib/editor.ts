// The editor of blueprints; a part of its own, loaded when it is needed.

import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { yaml } from '@codemirror/lang-yaml'
import {
  bracketMatching,
  defaultHighlightStyle,
  HighlightStyle,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from '@codemirror/language'
import { lintGutter, setDiagnostics, type Diagnostic } from '@codemirror/lint'
import { EditorState } from '@codemirror/state'
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  keymap,
  lineNumbers,
} from '@codemirror/view'
import { tags } from '@lezer/highlight'
import type { Fault } from './types'

export interface Editor {
  text(): string
  set(text: string): void
  mark(faults: Fault[]): void
  show(fault: Fault): void
  focus(): void
  end(): void
}

const COLOURS = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--link)' },
  { tag: tags.comment, color: 'var(--faint)', fontStyle: 'italic' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--good)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--busy)' },
])

const THEME = EditorView.theme({
  '&': { color: 'var(--text)', backgroundColor: 'var(--card)', height: '100%' },
  '.cm-scroller': { fontFamily: 'var(--mono)', fontSize: '14px', lineHeight: '1.5' },
  '.cm-content': { caretColor: 'var(--text)', padding: '8px 0' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-gutters': {
    backgroundColor: 'var(--sunk)',
    color: 'var(--faint)',
    borderRight: '1px solid var(--line)',
  },
  '.cm-activeLine': { backgroundColor: 'light-dark(rgb(0 0 0 / 4%), rgb(255 255 255 / 5%))' },
  '&.cm-focused': { outline: '3px solid var(--link)', outlineOffset: '-1px' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground':
    { backgroundColor: 'light-dark(#bcdde4, #27505a) !important' },
  '.cm-tooltip': {
    color: 'var(--text)',
    backgroundColor: 'var(--card)',
    border: '1px solid var(--edge)',
  },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--bad)' },
})

/**
 * Puts an editor into a box.
 *
 * What is pasted or undone in it is no input to the page; so it tells of each change.
 *
 * It lives in a shadow of its own, since only there its styles need no wider policy of the page.
 */
export function makeEditor(
  box: HTMLElement,
  text: string,
  { label, onchange }: { label: string; onchange: () => void },
): Editor {
  const root = box.shadowRoot ?? box.attachShadow({ mode: 'open' })
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(),
        history(),
        drawSelection(),
        indentOnInput(),
        indentUnit.of('  '),
        bracketMatching(),
        highlightActiveLine(),
        lintGutter(),
        yaml(),
        syntaxHighlighting(COLOURS),
        syntaxHighlighting(defaultHighlightStyle, { fallback: true }),
        THEME,
        EditorView.lineWrapping,
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onchange()
        }),
        EditorView.contentAttributes.of({ 'aria-label': label, 'aria-multiline': 'true' }),
        keymap.of([...defaultKeymap, ...historyKeymap, indentWithTab]),
      ],
    }),
  })
  const place = (fault: Fault): { from: number; to: number } | undefined => {
    if (!fault.line || fault.line > view.state.doc.lines) return undefined
    const line = view.state.doc.line(fault.line)
    const from = Math.min(line.from + Math.max(0, (fault.column ?? 1) - 1), line.to)
    return { from, to: Math.max(line.to, from) }
  }
  return {
    text: () => view.state.doc.toString(),
    set: (changed) =>
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: changed } }),
    mark: (faults) => {
      const found: Diagnostic[] = []
      for (const fault of faults) {
        const at = place(fault)
        if (at) found.push({ ...at, severity: 'error', message: fault.message })
      }
      view.dispatch(setDiagnostics(view.state, found))
    },
    show: (fault) => {
      const at = place(fault)
      if (at) view.dispatch({ selection: { anchor: at.from }, scrollIntoView: true })
      view.focus()
    },
    focus: () => view.focus(),
    end: () => view.destroy(),
  }
}
