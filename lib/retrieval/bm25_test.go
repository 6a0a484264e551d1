package retrieval

import (
	"fmt"
	"math"
	"math/rand"
	"reflect"
	"regexp"
	"sort"
	"strings"
	"testing"
)

// slowSearch is BM25 written from its formula: every document is read again
// for every word.
func slowSearch(docs []Document, query string, k int) (ids []string, scores []float64) {
	word := regexp.MustCompile(`[\p{L}\p{N}\p{M}_]+`)
	words := func(s string) []string { return word.FindAllString(strings.ToLower(s), -1) }
	total := 0.0
	for _, d := range docs {
		total += float64(len(words(d.Title + " " + d.Text)))
	}
	type scored struct {
		id    string
		score float64
	}
	var found []scored
	for _, d := range docs {
		score, length := 0.0, float64(len(words(d.Title+" "+d.Text)))
		for _, w := range words(query) {
			f, n := 0.0, 0.0
			for _, other := range words(d.Title + " " + d.Text) {
				if other == w {
					f++
				}
			}
			for _, other := range docs {
				for _, o := range words(other.Title + " " + other.Text) {
					if o == w {
						n++
						break
					}
				}
			}
			idf := math.Log(1 + (float64(len(docs))-n+0.5)/(n+0.5))
			score += idf * f * (1.5 + 1) / (f + 1.5*(1-0.75+0.75*length/(total/float64(len(docs)))))
		}
		if score > 0 {
			found = append(found, scored{d.ID, score})
		}
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].score > found[j].score })
	for i, s := range found {
		if i < k {
			ids, scores = append(ids, s.id), append(scores, s.score)
		}
	}
	return ids, scores
}

func randomWords(r *rand.Rand, n int) string {
	const letters = "aabcdé日_1"
	var out strings.Builder
	for range r.Intn(n + 1) {
		runes := []rune(letters)
		for range 1 + r.Intn(2) {
			out.WriteRune(runes[r.Intn(len(runes))])
		}
		out.WriteString([]string{" ", ", ", "\n", " - ", "É "}[r.Intn(5)])
	}
	return out.String()
}

func TestAgreesWithTheFormula(t *testing.T) {
	for seed := range int64(100) {
		r := rand.New(rand.NewSource(seed))
		var docs []Document
		for i := range r.Intn(12) {
			docs = append(docs, Document{ID: fmt.Sprint(i), Title: randomWords(r, 2), Text: randomWords(r, 15)})
		}
		index, query, k := NewBM25(docs), randomWords(r, 5), r.Intn(14)
		wantIDs, wantScores := slowSearch(docs, query, k)
		var ids []string
		hits := index.Search(query, k)
		for i, h := range hits {
			ids = append(ids, h.Document.ID)
			if i < len(wantScores) && math.Abs(h.Score-wantScores[i]) > 1e-12*wantScores[i] {
				t.Errorf("seed %d: %s has %v, want %v", seed, h.Document.ID, h.Score, wantScores[i])
			}
		}
		if !reflect.DeepEqual(ids, wantIDs) && !tied(wantScores) {
			t.Fatalf("seed %d, %q: %v, want %v", seed, query, ids, wantIDs)
		}
		if again := NewBM25(docs).Search(query, k); !reflect.DeepEqual(again, hits) {
			t.Fatalf("seed %d: two searches differ", seed)
		}
	}
}

// tied tells whether two scores are so near to each other that rounding may
// have turned them round.
func tied(scores []float64) bool {
	for i := 1; i < len(scores); i++ {
		if scores[i-1] != scores[i] && scores[i-1]-scores[i] < 1e-12*scores[i] {
			return true
		}
	}
	return false
}

func TestSearchEdges(t *testing.T) {
	if hits := NewBM25(nil).Search("a", 5); len(hits) != 0 {
		t.Error(hits)
	}
	x := NewBM25([]Document{{ID: "1", Text: "common"}, {ID: "2", Text: "common"}, {ID: "3", Text: "..."}})
	for _, k := range []int{0, -1} {
		if hits := x.Search("common", k); len(hits) != 0 {
			t.Errorf("k %d: %v", k, hits)
		}
	}
	hits := x.Search("COMMON", 5) // in more than half of the documents, and still found
	if len(hits) != 2 || hits[0].Document.ID != "1" || hits[1].Document.ID != "2" || hits[0].Score <= 0 {
		t.Errorf("%v", hits)
	}
	if hits := x.Search("?!", 5); len(hits) != 0 {
		t.Error(hits)
	}
}

func TestWords(t *testing.T) {
	for text, want := range map[string][]string{
		"":                      nil,
		"Don't PANIC, x_1 3.5!": {"don", "t", "panic", "x_1", "3", "5"},
		"ÄÖ straße ΣΊΣΥΦΟΣ":     {"äö", "straße", "σίσυφοσ"},
		"कि 日本 e\u0301té":       {"कि", "日本", "e\u0301té"},
	} {
		if got := Words(text); len(got) != len(want) || len(got) > 0 && !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestExcerpt(t *testing.T) {
	long := strings.Repeat("wind and rain. ", 50) + "The lighthouse has 199 steps. " + strings.Repeat("sheep ", 100)
	for _, test := range []struct {
		text, query string
		size        int
		want        string
	}{
		{"short", "x", 100, "short"},
		{long, "how many steps has the lighthouse", 100, "lighthouse has 199 steps."},
		{long, "nothing of it", 60, "wind and rain. wind"},
		{strings.Repeat("日", 500), "本", 100, "日日"},
		{strings.Repeat("x", 500) + " steps", "steps", 50, "steps"},
	} {
		got := Excerpt(test.text, test.query, test.size)
		if !strings.Contains(got, test.want) || len(got) > test.size+len("… ")+len(" …") || strings.ContainsRune(got, '\ufffd') {
			t.Errorf("%q in %d: %q", test.query, test.size, got)
		}
	}
}

// FuzzExcerpt: an excerpt is valid text of about the size asked for, and a part
// of the text between its marks.
func FuzzExcerpt(f *testing.F) {
	f.Add("the lighthouse has 199 steps and a keeper", "keeper steps", 20)
	f.Add("日本語 テキスト e\u0301", "テキスト", 7)
	f.Add("日本語 果物スト ë é 0 1", "ë", 18)
	f.Fuzz(func(t *testing.T, text, query string, size int) {
		if size < 0 || size > 1<<20 {
			return
		}
		text = strings.ToValidUTF8(text, "?")
		got := Excerpt(text, query, size)
		inner := strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(got, "… "), " …"))
		if !strings.Contains(text, inner) {
			t.Errorf("%q is no part of %q", got, text)
		}
		if len(got) > size+8 && got != text {
			t.Errorf("%d bytes, %d wanted: %q", len(got), size, got)
		}
	})
}

func BenchmarkSearch(b *testing.B) {
	r := rand.New(rand.NewSource(1))
	docs := make([]Document, 5000)
	for i := range docs {
		docs[i] = Document{ID: fmt.Sprint(i), Text: randomWords(r, 200)}
	}
	x := NewBM25(docs)
	for b.Loop() {
		x.Search("a1 bc d日", 5)
	}
}
