type Attributes = Readonly<Record<string, string | boolean>>;

/** Makes an element. Text stays text, whatever stands in it. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes,
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'boolean') made.toggleAttribute(key, value);
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/** A button that does something. */
export function button(label: string, act: () => void, style = 'button'): HTMLButtonElement {
  const made = element('button', { type: 'button', class: style }, label);
  made.addEventListener('click', act);
  return made;
}

/** The element of the page that its script fills. Throws where there is none. */
export function pageElement(): HTMLElement {
  const page = document.getElementById('page');
  if (page === null) throw new Error('The page has no element to be filled.');
  return page;
}

/** Characters that cannot be seen, or turn the text around them. */
const UNSEEN =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** The text with what cannot be seen in it written out: it may come from a file's name or another program. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
