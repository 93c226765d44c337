# SPDX-License-Identifier: BSD-2-Clause
# install and uninstall use the same list. PREFIX is compiled in as the directory of the
# YANG modules (ZE_YANG_DIR in the environment overrides it).

MAN_SRC := $(wildcard docs/man/*.[158])
YANG_SRC := $(wildcard yang/*.yang)
dest = $(DESTDIR)$(1)

.PHONY: install uninstall clean format
install: all $(B)/peer/zeload
	install -d $(call dest,$(SBINDIR)) $(call dest,$(BINDIR)) $(call dest,$(YANGDIR))
	$(if $(filter %/ze,$(BINS)),install -m 755 $(B)/ze $(call dest,$(SBINDIR))/ze)
	$(if $(filter %/zectl,$(BINS)),install -m 755 $(B)/zectl $(call dest,$(BINDIR))/zectl)
	install -m 755 $(B)/peer/zeload $(call dest,$(BINDIR))/zeload
	$(if $(YANG_SRC),install -m 644 $(YANG_SRC) $(call dest,$(YANGDIR)))
	$(foreach m,$(MAN_SRC),install -D -m 644 $(m) \
		$(call dest,$(MANDIR))/man$(subst .,,$(suffix $(m)))/$(notdir $(m)) &&) true
	install -d $(call dest,$(UNITDIR))
	sed 's,/usr/sbin/ze,$(SBINDIR)/ze,' contrib/systemd/ze.service >$(call dest,$(UNITDIR))/ze.service
	install -D -m 644 contrib/completion/zectl.bash $(call dest,$(COMPDIR))/zectl
	ln -sf zectl $(call dest,$(COMPDIR))/ze
	$(if $(wildcard contrib/ze.conf),install -D -m 644 contrib/ze.conf \
		$(call dest,$(DATADIR))/doc/ze/examples/ze.conf)
	install -D -m 644 contrib/modules-load.d/ze.conf $(call dest,$(DATADIR))/doc/ze/examples/modules-load.d/ze.conf

uninstall:
	rm -f $(call dest,$(SBINDIR))/ze $(call dest,$(BINDIR))/zectl $(call dest,$(BINDIR))/zeload
	rm -f $(foreach m,$(MAN_SRC),$(call dest,$(MANDIR))/man$(subst .,,$(suffix $(m)))/$(notdir $(m)))
	rm -f $(call dest,$(UNITDIR))/ze.service $(call dest,$(COMPDIR))/zectl $(call dest,$(COMPDIR))/ze
	rm -rf $(call dest,$(DATADIR))/ze $(call dest,$(DATADIR))/doc/ze

clean:
	rm -rf $(O)

format:
	clang-format -i $(shell git ls-files '*.c' '*.h')
