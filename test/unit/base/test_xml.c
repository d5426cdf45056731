/* The XML tokenizer by itself: what it reports, what it refuses and in which words, its limits, any
 * cut, memory that runs out. fuzz_xml compares it with expat. */
#include "base/mem.h"
#include "base/xml.h"
#include "support.h"
#include "torture.h"
#include <tucuxi.h>

/* Events as text: <name a="v">text</>. */
static int on_start(void *ctx, const struct tcx_xml_name *name, const struct tcx_xml_attr *attrs,
                    unsigned n) {
  tcx__buf_addc(ctx, '<');
  tcx__buf_add(ctx, name->p + name->local, (size_t)name->n - name->local);
  for (unsigned i = 0; i < n; i++) {
    tcx__buf_addc(ctx, ' ');
    tcx__buf_add(ctx, attrs[i].name.p, attrs[i].name.n);
    tcx__buf_adds(ctx, "=\"");
    tcx__buf_add_str(ctx, attrs[i].value);
    tcx__buf_addc(ctx, '"');
  }
  tcx__buf_addc(ctx, '>');
  return ((struct tcx_buf *)ctx)->status;
}
static int on_text(void *ctx, const char *p, size_t n) {
  assert_true(n > 0);
  tcx__buf_add(ctx, p, n);
  return ((struct tcx_buf *)ctx)->status;
}
static int on_end(void *ctx) {
  tcx__buf_adds(ctx, "</>");
  return ((struct tcx_buf *)ctx)->status;
}
static const struct tcx_xml_events events = {on_start, on_text, on_end};

static struct tcx_arena *arena;
static const char *why;

/* step 0: in one piece. The events, or NULL with why. Each piece is a copy of its own. */
static const char *read_steps(const char *document, size_t n, size_t step) {
  struct tcx_buf *out = tcx__arena_alloc(arena, sizeof *out);
  struct tcx_xml *xml = tcx__arena_alloc(arena, sizeof *xml);
  tcx__buf_init(out, arena, 1 << 22);
  tcx__xml_init(xml, arena, &events, out);
  int status = 0;
  for (size_t at = 0; at < n && status == 0; at += step) {
    step = step == 0 ? n : step;
    size_t length = n - at < step ? n - at : step;
    char *piece = malloc(length);
    memcpy(piece, document + at, length);
    status = tcx__xml_feed(xml, piece, length);
    free(piece);
  }
  if (status == 0)
    status = tcx__xml_finish(xml);
  why = xml->why;
  assert_true(status == 0 || status == TCX_EPROTO);
  assert_int_equal(tcx__xml_finish(xml), status);
  return status == 0 ? out->data : NULL;
}
static const char *read_whole(const char *document) {
  return read_steps(document, strlen(document), 0);
}

static void check(const char *document, const char *expected) {
  size_t n = strlen(document);
  for (size_t step = 0; step <= n && step < 40; step++) {
    const char *got = read_steps(document, n, step);
    if (got == NULL)
      fail_msg("%s (pieces of %zu): %s", document, step, why);
    assert_string_equal(got, expected);
  }
}
static void check_refused(const char *document, const char *expected) {
  size_t n = strlen(document);
  assert_null(read_whole(document));
  assert_string_equal(why, expected);
  for (size_t step = 1; step <= n && step < 40; step++)
    if (read_steps(document, n, step) != NULL)
      fail_msg("%s: not refused in pieces of %zu", document, step);
}

static void reads(void **state) {
  (void)state;
  check("<a/>", "<a></>");
  check("\xEF\xBB\xBF<?xml version='1.0' encoding=\"UTF-8\" standalone='yes' ?>\n<!-- c - d "
        "--><?p?><a><b>x</b>y</a >\n<?p q?> <!-- -->",
        "<a><b>x</>y</>");
  check("<s3:List xmlns:s3=\"urn:x\"><s3:Key>k</s3:Key></s3:List>",
        "<List xmlns:s3=\"urn:x\"><Key>k</></>");
  check("<a>&lt;&gt;&amp;&quot;&apos;&#65;&#x41;&#xe9;&#x1F600;</a>",
        "<a><>&\"'AA\xC3\xA9\xF0\x9F\x98\x80</>");
  check("<a>x<![CDATA[<&]]]]>]]&gt;<![CDATA[]]><![CDATA[]>]]></a>", "<a>x<&]]]]>]></>");
  check("<a>1\r\n2\r3\n4&#13;\n5<![CDATA[\r\n]]></a>", "<a>1\n2\n3\n4\r\n5\n</>");
  check("<a b='1&lt;2' c=\"x\ty\r\nz\" \n d = 'it&apos;s \"so\"'/>",
        "<a b=\"1<2\" c=\"x y z\" d=\"it's \"so\"\"></>");
  check("<\xC3\xA9l\xC3\xA9ment "
        "\xC3\xA0=\"\xE6\x97\xA5\">\xF0\x9F\x98\x80\xE6\x97\xA5</\xC3\xA9l\xC3\xA9ment>",
        "<\xC3\xA9l\xC3\xA9ment \xC3\xA0=\"\xE6\x97\xA5\">\xF0\x9F\x98\x80\xE6\x97\xA5</>");
  check("<a>]] ] ]]x > ]&gt;</a>", "<a>]] ] ]]x > ]></>");
}

static void reads_comments(void **state) {
  (void)state;
  check("<a>x<!-- <b> & - ->\r\n -->y</a>", "<a>xy</>");
  check("<a><?target some ? > <data> ?>z</a>", "<a>z</>");
}

static void refuses(void **state) {
  (void)state;
  check_refused("", "no element");
  check_refused("  \n", "no element");
  check_refused("x", "text outside the document's element");
  check_refused("<a/>x", "text outside the document's element");
  check_refused("<a/><b/>", "a second element behind the document's");
  check_refused("<a>", "the end comes too early");
  check_refused("<a", "the end comes too early");
  check_refused("<a/><!-- ", "the end comes too early");
  check_refused("<a></b>", "an end tag that does not match");
  check_refused("<a></ab>", "an end tag that does not match");
  check_refused("<ab></a>", "an end tag that does not match");
  check_refused("</a>", "an end tag without its start tag");
  check_refused("<a></a x='1'>", "more than a name in an end tag");
  check_refused("<a b='1' b='2'/>", "an attribute that stands twice");
  check_refused("<a b='1'c='2'/>", "no white space before an attribute");
  check_refused("<a b=1/>", "an attribute's value without quotes");
  check_refused("<a b/>", "an attribute without a value");
  check_refused("<a b='<'/>", "'<' in an attribute's value");
  check_refused("<a/ >", "'/' inside a tag");
  check_refused("<1a/>", "not a name");
  check_refused("< a/>", "not a name");
  check_refused("<a>&nbsp;</a>", "an unknown reference");
  check_refused("<a>&#0;</a>", "an unknown reference");
  check_refused("<a>&#xD800;</a>", "an unknown reference");
  check_refused("<a>&#x110000;</a>", "an unknown reference");
  check_refused("<a>&#;</a>", "an unknown reference");
  check_refused("<a>& b;</a>", "an unknown reference");
  check_refused("<a b='&no;'/>", "an unknown reference");
  check_refused("<a>]]></a>", "\"]]>\" in text");
  check_refused("<a>\x01</a>", "a byte that is not XML text");
  check_refused("<a>\xC0\x80</a>", "a byte that is not XML text");
  check_refused("<a>\xED\xA0\x80</a>", "a byte that is not XML text");
  check_refused("<a>\xEF\xBF\xBF</a>", "a byte that is not XML text");
  check_refused("<a><!-- -- --></a>", "\"--\" inside a comment");
  check_refused("<a><!x></a>", "markup that is none");
  check_refused("<![CDATA[x]]><a/>", "text outside the document's element");
  check_refused(" <?xml version='1.0'?><a/>", "an XML declaration that is not at the beginning");
  check_refused("<a/><?xml version='1.0'?>", "an XML declaration that is not at the beginning");
  check_refused("<?xml?><a/>", "a malformed XML declaration");
  check_refused("<?xml version='1.0' standalone='perhaps'?><a/>", "a malformed XML declaration");
  check_refused("<?p?x?><a/>", "a malformed processing instruction");
  check_refused("<? p?><a/>", "a processing instruction without a name");
  check_refused("<!DOCTYPE a><a/>", "a DTD, which is refused");
  check_refused("<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
                "a DTD, which is refused");
}

/* n times text, with what stands around it. */
static char *repeated(const char *before, const char *text, size_t n, const char *after,
                      size_t *size) {
  struct tcx_buf out;
  tcx__buf_init(&out, arena, 1 << 22);
  tcx__buf_adds(&out, before);
  for (size_t i = 0; i < n; i++)
    tcx__buf_adds(&out, text);
  tcx__buf_adds(&out, after);
  *size = out.len;
  return out.data;
}

static void check_limit(const char *before, const char *text, size_t n, const char *after,
                        const char *refusal) {
  static const size_t steps[] = {0, 1, 7, 1000};
  size_t size;
  char *document = repeated(before, text, n, after, &size);
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
    const char *got = read_steps(document, size, steps[i]);
    if ((got == NULL) != (refusal != NULL))
      fail_msg("%zu times \"%s\" in pieces of %zu: %s", n, text, steps[i],
               got != NULL ? "not refused" : why);
    if (refusal != NULL)
      assert_string_equal(why, refusal);
  }
}

static void limits(void **state) {
  (void)state;
  check_limit("", "<a>", 10000, "", "elements nested too deep");
  check_limit("", "<a>", TCX__XML_DEPTH + 1, "", "elements nested too deep");
  check_limit("<", "n", TCX__XML_NAME_MAX, "/>", NULL);
  check_limit("<", "n", TCX__XML_NAME_MAX + 1, "/>", "a name is too long");
  check_limit("<a b='", "x", TCX__XML_TAG_MAX - 9, "'/>", NULL);
  check_limit("<a b='", "x", TCX__XML_TAG_MAX - 8, "'/>", "a tag is too long");
  check_limit("<a></a", " ", TCX__XML_TAG_MAX - 4, ">", NULL);
  check_limit("<a></a", " ", TCX__XML_TAG_MAX - 3, ">", "a tag is too long");
  check_limit("<a>&#", "0", TCX__XML_REFERENCE_MAX - 3, "65;</a>", NULL);
  check_limit("<a>&#", "0", TCX__XML_REFERENCE_MAX - 2, "65;</a>", "an unknown reference");
  check_limit("<?", "p", TCX__XML_NAME_MAX, " ?><a/>", NULL);
  check_limit("<?", "p", TCX__XML_NAME_MAX + 1, " ?><a/>", "a name is too long");
  check_limit("<?xml version='", "1", 2 * TCX__XML_NAME_MAX, "'?><a/>",
              "an XML declaration that is too long");
  size_t size;
  char *open = repeated("", "<a>", TCX__XML_DEPTH, "", &size),
       *all = repeated(open, "</a>", TCX__XML_DEPTH, "", &size);
  assert_non_null(read_steps(all, size, 0));
  struct tcx_buf attrs;
  tcx__buf_init(&attrs, arena, 1 << 16);
  tcx__buf_adds(&attrs, "<a");
  for (int i = 0; i < TCX__XML_ATTRS_MAX; i++)
    tcx__buf_printf(&attrs, " a%d=''", i);
  assert_non_null(read_whole(tcx__arena_printf(arena, "%s/>", attrs.data)));
  assert_null(read_whole(tcx__arena_printf(arena, "%s x=''/>", attrs.data)));
  assert_string_equal(why, "too many attributes");
}

static int stop(void *ctx) {
  (void)ctx;
  return TCX_ECANCELED;
}
static void callbacks_stop(void **state) {
  (void)state;
  static const struct tcx_xml_events stopping = {on_start, on_text, stop};
  struct tcx_buf out;
  struct tcx_xml xml;
  tcx__buf_init(&out, arena, 1000);
  tcx__xml_init(&xml, arena, &stopping, &out);
  assert_int_equal(tcx__xml_feed(&xml, "<a>x</a><b", 10), TCX_ECANCELED);
  assert_int_equal(tcx__xml_feed(&xml, "/>", 2), TCX_ECANCELED);
  assert_int_equal(tcx__xml_finish(&xml), TCX_ECANCELED);
  assert_null(xml.why);
}

static void says_where(void **state) {
  (void)state;
  struct tcx_buf out;
  struct tcx_xml xml;
  tcx__buf_init(&out, arena, 1000);
  tcx__xml_init(&xml, arena, &events, &out);
  assert_int_equal(tcx__xml_feed(&xml, "<a>12345", 8), 0);
  assert_int_equal(xml.offset, 8);
  assert_int_equal(tcx__xml_feed(&xml, "678</b>", 7), TCX_EPROTO);
  assert_in_range(xml.offset, 8, 15);
}

/* Long names and values, cut, so that every buffer is needed. */
static int read_everything(void *ctx) {
  static const char document[] =
      "<aVeryLongElementNameThatIsCopied xmlns='urn:x' b='1&amp;2&#9;'><c>text &amp; "
      "more</c><![CDATA[x]]></aVeryLongElementNameThatIsCopied>";
  struct tcx_arena *own = tcx__arena_new();
  struct tcx_buf out;
  struct tcx_xml xml;
  (void)ctx;
  if (own == NULL)
    return UV_ENOMEM;
  tcx__buf_init(&out, own, 1000);
  tcx__xml_init(&xml, own, &events, &out);
  int status = 0;
  for (size_t i = 0; i < sizeof document - 1 && status == 0; i++)
    status = tcx__xml_feed(&xml, document + i, 1);
  if (status == 0)
    status = tcx__xml_finish(&xml);
  if (status == 0)
    assert_string_equal(
        out.data,
        "<aVeryLongElementNameThatIsCopied xmlns=\"urn:x\" b=\"1&2\t\"><c>text & more</>x</>");
  tcx__arena_free(own);
  return status;
}
static void out_of_memory(void **state) {
  (void)state;
  test_fail_until_ok(read_everything, NULL);
}

static int setup(void **state) {
  (void)state;
  arena = tcx__arena_new();
  return arena == NULL;
}
static int teardown(void **state) {
  (void)state;
  tcx__arena_free(arena);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(reads, setup, teardown),
      cmocka_unit_test_setup_teardown(reads_comments, setup, teardown),
      cmocka_unit_test_setup_teardown(refuses, setup, teardown),
      cmocka_unit_test_setup_teardown(limits, setup, teardown),
      cmocka_unit_test_setup_teardown(callbacks_stop, setup, teardown),
      cmocka_unit_test_setup_teardown(says_where, setup, teardown),
      cmocka_unit_test_setup_teardown(out_of_memory, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
