// Starts the API browser with the description of this service. No inline script, no other host.
window.addEventListener("load", () => {
  const place = document.getElementById("swagger-ui");
  window.SwaggerUIBundle({ url: place.dataset.api, domNode: place, deepLinking: true, validatorUrl: null });
});
