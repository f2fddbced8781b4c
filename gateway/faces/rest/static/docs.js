// The API's description in Swagger UI. The token is the one of the technician's page: it stays in this browser tab.
// (Swagger UI's own persistAuthorization would keep it in localStorage, for all tabs and for ever.)
/* global SwaggerUIBundle */

const TOKEN = "kassenwart.token";
const SCHEME = "bearer";

/** Keeps the token when it is entered here, and drops it on log-out. */
const keepToken = {
  statePlugins: {
    auth: {
      wrapActions: {
        authorize: (original) => (given) => {
          if (given[SCHEME]?.value) sessionStorage.setItem(TOKEN, given[SCHEME].value);
          return original(given);
        },
        logout: (original) => (schemes) => {
          if (schemes.includes(SCHEME)) sessionStorage.removeItem(TOKEN);
          return original(schemes);
        },
      },
    },
  },
};

const ui = SwaggerUIBundle({
  dom_id: "#api",
  url: "/openapi.json",
  presets: [SwaggerUIBundle.presets.apis],
  plugins: [() => keepToken],
  validatorUrl: "none", // never asks another machine
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: true,
  onComplete: () => {
    const token = sessionStorage.getItem(TOKEN);
    if (token) ui.preauthorizeApiKey(SCHEME, token);
  },
});
