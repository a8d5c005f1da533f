// SPDX-License-Identifier: GPL-2.0-or-later
// Sorts and filters the table. Without scripts, all of it is there, in the diff's order.
"use strict";
(() => {
	const table = document.querySelector("table");
	const form = document.querySelector("form");
	const rows = [...table.tBodies];
	// The columns, in order.
	const columns = [...table.tHead.rows[0].cells].map(heading => heading.dataset.key);

	rows.forEach((row, i) => {
		row.order = i;
		for (const [column, key] of columns.entries())
			row[key] = row.rows[0].cells[column].textContent;
		row.size = Number(row.size);
		row.text = (row.object + " " + row.name + " " + row.what).toLowerCase();
	});

	function compare(a, b) {
		return typeof a === "number" ? a - b : a < b ? -1 : a > b ? 1 : 0;
	}

	// Equal ones stay in the diff's order, whichever way the others are sorted.
	function sort(heading) {
		const key = heading.dataset.key;
		const down = heading.getAttribute("aria-sort") === "ascending";
		const sign = down ? -1 : 1;

		for (const other of table.tHead.rows[0].cells)
			other.removeAttribute("aria-sort");
		heading.setAttribute("aria-sort", down ? "descending" : "ascending");
		rows.sort((a, b) => sign * compare(a[key], b[key]) || a.order - b.order);
		table.append(...rows);
	}

	function filter() {
		const words = form.search.value.toLowerCase().split(/\s+/).filter(word => word);
		const on = new Set([...form.querySelectorAll("input[type=checkbox]:checked")].map(box => box.name));
		const kind = form.kind.value;
		let shown = 0;

		for (const row of rows) {
			row.hidden = !on.has(row.status) || (kind && kind !== row.kind) ||
				!words.every(word => row.text.includes(word));
			shown += !row.hidden;
		}
		form.shown.value = shown + " of " + rows.length + " shown";
	}

	function fold(open) {
		for (const row of rows)
			for (const details of row.querySelectorAll("details"))
				details.open = open && !row.hidden;
	}

	for (const heading of table.tHead.rows[0].cells) {
		const button = document.createElement("button");

		button.type = "button";
		button.append(...heading.childNodes);
		heading.append(button);
		button.addEventListener("click", () => sort(heading));
	}
	form.hidden = false;
	form.addEventListener("input", filter);
	form.addEventListener("submit", event => event.preventDefault());
	form.querySelector("[name=unfold]")?.addEventListener("click", () => fold(true));
	form.querySelector("[name=fold]")?.addEventListener("click", () => fold(false));
	filter();
})();
