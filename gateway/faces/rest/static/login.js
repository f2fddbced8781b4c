// Signing in: asks for the token.

import { h, once } from "./dom.js";
import { t } from "./i18n.js";
import { noteBox } from "./parts.js";

/** The form; `enter(token)` tries it, `note` says what was wrong before. */
export function loginForm(enter, note) {
  const token = h("input", {
    id: "token",
    type: "password",
    required: true,
    autocomplete: "off",
    spellcheck: "false",
    "aria-describedby": "token-help",
  });
  const submit = (event) => {
    event.preventDefault();
    if (token.value.trim()) once("signIn", () => enter(token.value.trim()));
  };
  return h(
    "section",
    { class: "login card", "aria-labelledby": "login-title" },
    h("h2", { id: "login-title" }, t("signIn")),
    h("p", {}, t("signInText")),
    note ? noteBox(note) : null,
    h(
      "form",
      { onsubmit: submit },
      h("label", { for: "token" }, t("token")),
      token,
      h("p", { id: "token-help", class: "small" }, t("tokenHelp")),
      h("button", { type: "submit", class: "primary", "data-key": "signIn" }, t("signIn")),
    ),
  );
}
