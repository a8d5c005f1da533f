// SPDX-License-Identifier: GPL-2.0-or-later
/* library.c - a library that is loaded when there is a use for it */
#include <dlfcn.h>
#include <objtool/library.h>

void *library_open(const char *name, const struct library_call *calls, size_t nr, void *to)
{
	void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);

	for (size_t i = 0; library && i < nr; i++) {
		void *address = dlsym(library, calls[i].name);

		if (!address) {
			dlclose(library);
			return NULL;
		}
		memcpy((char *)to + calls[i].offset, &address, sizeof(address));
	}
	return library;
}

void library_close(void *library)
{
	if (library)
		dlclose(library);
}
