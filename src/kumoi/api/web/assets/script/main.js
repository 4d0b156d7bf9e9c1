// Behaviour of every page, by attributes; a page's own scripts are named in its template. Everything listens at the
// document: parts of a page are renewed all the time, and nothing has to be wired anew.

import "./dialogs.js";
import "./menus.js";
import "./copying.js";
import "./saving.js";
import "./picking.js";
import "./ages.js";
import "./live.js";
