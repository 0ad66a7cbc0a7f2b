import { useMemo } from 'react';
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components';
import { encodeBase64 } from '#server/ledger/base64.ts';
import { CopyButton } from '#ui/parts/copy-button.tsx';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { visibleString } from '#ui/parts/visible-text.ts';
import type { PanelRecord } from './panel-content.ts';
import { PanelExactText } from './panel-exact-text.tsx';
import { messages } from './panel-messages.ts';
import { hexText, prettyJson } from './panel-text.ts';
import './record-raw.css';

/** A record to the letter: entry, sections as they were hashed, and the hashes. */
export function RecordRaw({ record }: { readonly record: PanelRecord }) {
  return (
    <div className="record-raw">
      <Entry entry={record.entry} />
      <Hash name={messages.leafHash} hash={record.leafHash} />
      {record.sections.map((section) => (
        <Section key={section.name} section={section} />
      ))}
    </div>
  );
}

const FORMS = ['TEXT', 'HEX', 'BASE64'] as const;
type Form = (typeof FORMS)[number];

function Entry({ entry }: { readonly entry: string }) {
  const forms = useMemo((): Readonly<Record<Form, string>> => {
    const bytes = new TextEncoder().encode(entry);
    return { TEXT: prettyJson(entry), HEX: hexText(bytes), BASE64: encodeBase64(bytes) };
  }, [entry]);
  return (
    <section className="record-raw-part" aria-label={messages.entry}>
      <Head title={messages.entry} copied={entry} what={messages.theEntry} />
      <p className="muted">{messages.entryMeaning}</p>
      <Tabs className="record-raw-forms">
        <TabList aria-label={messages.entryForms} className="record-raw-tabs">
          {FORMS.map((form) => (
            <Tab key={form} id={form} className="record-raw-tab">
              {messages.form(form)}
            </Tab>
          ))}
        </TabList>
        {FORMS.map((form) => (
          <TabPanel key={form} id={form}>
            <PanelExactText text={forms[form]} label={messages.entryAs(messages.form(form))} />
          </TabPanel>
        ))}
      </Tabs>
    </section>
  );
}

function Section({ section }: { readonly section: PanelRecord['sections'][number] }) {
  const { name, json, commitment, state } = section;
  const title = visibleString(name);
  return (
    <section className="record-raw-part" aria-label={messages.sectionOf(title)}>
      <Head title={name} copied={json} what={messages.exactOf(title)} />
      {json === null ? (
        <p className="muted">{state === 'ERASED' ? messages.erasedSection : messages.withheldSection}</p>
      ) : (
        <>
          <PanelExactText text={prettyJson(json)} label={messages.prettyOf(title)} />
          <details className="record-raw-exact">
            <summary>{messages.asHashed}</summary>
            <PanelExactText text={json} label={messages.exactOf(title)} />
          </details>
        </>
      )}
      <Hash name={messages.commitment} hash={commitment} />
    </section>
  );
}

interface HeadProps {
  readonly title: string;
  readonly copied: string | null;
  readonly what: string;
}

function Head({ title, copied, what }: HeadProps) {
  return (
    <div className="record-raw-head">
      <h3>
        <ShownText text={title} />
      </h3>
      {copied !== null && <CopyButton text={copied} what={what} />}
    </div>
  );
}

function Hash({ name, hash }: { readonly name: string; readonly hash: string }) {
  return (
    <p className="record-raw-hash">
      <span className="muted">{name}</span>
      <code>
        <ShownText text={hash} />
      </code>
      <CopyButton text={hash} what={name} />
    </p>
  );
}
