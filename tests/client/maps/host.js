// What a notebook's front end does for a widget: models with buffers, and a place to render in.
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const models = {};
for (const [id, { state, buffers = [] }] of Object.entries(STATE.state)) {
  for (const { path, data } of buffers) {
    const holder = path.slice(0, -1).reduce((part, key) => part[key], state);
    holder[path.at(-1)] = new DataView(bytes(data).buffer);
  }
  models[id] = {
    model_id: id,
    get: (key) => state[key],
    set: (key, value) => (state[key] = value),
    on() {},
    off() {},
    send() {},
    save_changes() {},
    widget_manager: { get_model: async (name) => models[name.replace("IPY_MODEL_", "")] },
  };
}
const url = URL.createObjectURL(new Blob([bytes(PROGRAM)], { type: "text/javascript" }));
const { default: program } = await import(url);
await program.render({ model: models[STATE.root], el: document.getElementById("map") });
