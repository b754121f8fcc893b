/* Shows the API's description; what is tried out goes with the reader's own session and its CSRF token. */
(() => {
  "use strict";
  const { schema, csrfHeader, csrfToken } = document.getElementById("api-docs").dataset;
  SwaggerUIBundle({
    dom_id: "#api-docs",
    url: schema,
    deepLinking: true,
    validatorUrl: null,
    requestInterceptor(request) {
      if (new URL(request.url, location.href).origin === location.origin) {
        request.headers[csrfHeader] = csrfToken;
      }
      return request;
    },
  });
})();
