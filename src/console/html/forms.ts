import { html, type Markup } from '../../core/html.ts'
import type { Texts } from '../texts/texts.ts'
import { EMPTY } from './parts.ts'

/** A form that gives one command. */
export interface CommandForm {
  /** Unique on its page. */
  readonly id: string
  readonly action: string
  readonly title: string
  readonly explains?: string
  /** What the person saw: the command is refused when it is no longer so. */
  readonly seen?: string
  readonly fields?: Markup
  /** What the note is for. */
  readonly note?: string
  readonly button: string
  readonly isDangerous?: boolean
  readonly isOpen?: boolean
  readonly takesFile?: boolean
}

/** A command behind a summary, so that a page reads first. */
export function commandForm(form: CommandForm): Markup {
  const { id, action, title, explains, seen, fields, note, button } = form
  return html`<details class="command" id="${id}"${form.isOpen === true ? html` open` : EMPTY}>
<summary>${title}</summary>
<form method="post" action="${action}"${form.takesFile === true ? html` enctype="multipart/form-data"` : EMPTY}>
${explains === undefined ? EMPTY : html`<p>${explains}</p>`}
${seen === undefined ? EMPTY : html`<input type="hidden" name="seen" value="${seen}">`}
${fields ?? EMPTY}
${note === undefined ? EMPTY : textArea(`${id}-note`, 'note', note)}
<button class="${form.isDangerous === true ? 'danger' : 'primary'}">${button}</button>
</form></details>`
}

export function textArea(id: string, name: string, label: string): Markup {
  return html`<label for="${id}">${label}</label><textarea id="${id}" name="${name}" rows="2" maxlength="2000" required></textarea>`
}

export interface InputField {
  readonly id: string
  readonly name: string
  readonly label: string
  readonly type?: string
  readonly value?: string
  readonly hint?: string
  readonly isRequired?: boolean
  readonly autocomplete?: string
}

export function input(field: InputField): Markup {
  const { id, name, label, type = 'text', value = '', hint, autocomplete } = field
  return html`<div class="field"><label for="${id}">${label}</label>
<input id="${id}" name="${name}" type="${type}" value="${value}"${field.isRequired === true ? html` required` : EMPTY}${autocomplete === undefined ? EMPTY : html` autocomplete="${autocomplete}"`}${hint === undefined ? EMPTY : html` aria-describedby="${id}-hint"`}>${hint === undefined ? EMPTY : html`<small id="${id}-hint">${hint}</small>`}</div>`
}

export interface Choice {
  readonly value: string
  readonly label: string
}

export function select(
  id: string,
  name: string,
  label: string,
  choices: readonly Choice[],
  chosen: string,
): Markup {
  return html`<div class="field"><label for="${id}">${label}</label><select id="${id}" name="${name}">
${choices.map(({ value, label: text }) => html`<option value="${value}"${value === chosen ? html` selected` : EMPTY}>${text}</option>`)}</select></div>`
}

export function checkbox(id: string, name: string, label: string, isChecked = false): Markup {
  return html`<div class="check"><input type="checkbox" id="${id}" name="${name}" value="yes"${isChecked ? html` checked` : EMPTY}><label for="${id}">${label}</label></div>`
}

/** A form that filters a list: its fields become the page's address. */
export function filterForm(action: string, fields: Markup, texts: Texts): Markup {
  return html`<form class="filter" method="get" action="${action}">${fields}
<div class="buttons"><button class="primary">${texts('filter.apply')}</button> <a href="${action}">${texts('filter.clear')}</a></div></form>`
}
