"use strict";
// A signed link opens one page alone: a way from it to another would be refused.
if (/[?&](X-Amz-|Signature=)/i.test(location.search)) {
  for (const ways of document.querySelectorAll(".ways")) ways.remove();
}
