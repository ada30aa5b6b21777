/** The issuer's own pages: plain HTML, and clearly not a company's sign-in. */
import type { Person } from "./people";

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,"><title>${escape(title)} · local issuer</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: light-dark(#f6f7f9, #14161a); color: light-dark(#1b1f27, #e8eaee); }
main { width: min(26rem, calc(100vw - 3rem)); padding: 2rem 0; }
h1 { font-size: 1.25rem; margin: 0 0 .25rem; }
p { margin: 0 0 1.25rem; color: light-dark(#555e6c, #a4acb9); }
.note { border: 1px solid light-dark(#d9a400, #806200); border-radius: 8px; padding: .6rem .8rem; font-size: .875rem; }
button { display: block; width: 100%; margin: 0 0 .6rem; padding: .75rem 1rem; text-align: left; font: inherit; color: inherit; border: 1px solid light-dark(#cfd5dd, #39404b); border-radius: 8px; background: light-dark(#fff, #1d2127); cursor: pointer; }
button:hover { border-color: light-dark(#6b7686, #8a94a3); }
button:focus-visible { outline: 3px solid #4b8bf5; outline-offset: 2px; }
button span { display: block; font-size: .875rem; color: light-dark(#555e6c, #a4acb9); }
</style></head><body><main>${body}</main></body></html>`;
}

export function pageOfPeople(uid: string, people: readonly Person[]): string {
  const buttons = people
    .map(
      (person) =>
        `<button type="submit" name="person" value="${escape(person.subject)}">${escape(person.name)}<span>${escape(person.title)}</span></button>`,
    )
    .join("\n");
  return page(
    "Choose a person",
    `<h1>Who are you today?</h1>
<p class="note">This is the demo's own issuer. It runs on this machine, asks for no password and knows four invented people. Never use it for anything real.</p>
<form method="post" action="/interaction/${escape(uid)}">${buttons}</form>`,
  );
}

/** The confirmation of a sign-out, sent at once; the button is for browsers without scripts. */
export function pageOfSignOut(form: string): string {
  return page(
    "Sign out",
    `<h1>Signing you out</h1>${form}
<p><button type="submit" form="op.logoutForm" name="logout" value="yes">Sign out</button></p>
<script>
  const form = document.getElementById("op.logoutForm");
  const answer = document.createElement("input");
  answer.type = "hidden"; answer.name = "logout"; answer.value = "yes";
  form.append(answer); form.submit();
</script>`,
  );
}

export function pageOfMessage(title: string, text: string): string {
  return page(title, `<h1>${escape(title)}</h1><p>${escape(text)}</p>`);
}
