// Package retrieval finds the documents of a corpus that a query is about, by
// the words they share: Okapi BM25.
//
//	corpus, err := retrieval.Open(ctx, "notes/", problems)
//	index := retrieval.NewBM25(corpus.Documents)
//	for _, hit := range index.Search("height of the lighthouse", 3) {
//		fmt.Println(hit.Document.ID, hit.Score)
//	}
//
// The score of a document d for a query is the sum, over the query's words w
// (a repeated word counts each time), of
//
//	idf(w) · f·(k1+1) / (f + k1·(1 − b + b·|d|/avg))
//
// where f is how often w stands in d, |d| the number of words of d and avg its
// mean over the corpus, k1 = 1.5, b = 0.75, and
//
//	idf(w) = ln(1 + (N − n + ½) / (n + ½))
//
// for a word in n of N documents. This idf (Lucene's) is never negative, unlike
// Robertson's, under which a word that stands in more than half of a small
// corpus could not be found.
package retrieval

import (
	"cmp"
	"math"
	"slices"
)

const (
	k1 = 1.5
	b  = 0.75
)

// Hit is a document that was found.
type Hit struct {
	Document *Document
	Score    float64 // greater than 0; comparable within one search only
}

// BM25 is an index over documents. It does not change, so any number of
// goroutines may search it.
type BM25 struct {
	docs     []Document
	length   []float64 // words of each document, title included
	mean     float64
	postings map[string][]posting // by word, in the documents' order
}

type posting struct {
	doc   int
	count float64
}

// NewBM25 indexes the documents, titles included. It keeps the slice.
func NewBM25(docs []Document) *BM25 {
	x := &BM25{docs: docs, length: make([]float64, len(docs)), postings: make(map[string][]posting)}
	total := 0.0
	for i := range docs {
		words := Words(docs[i].Title + "\n" + docs[i].Text)
		for _, w := range words {
			x.add(w, i)
		}
		x.length[i] = float64(len(words))
		total += x.length[i]
	}
	x.mean = total / max(1, float64(len(docs)))
	return x
}

// add counts one occurrence of word in document i, the last one so far.
func (x *BM25) add(word string, i int) {
	list := x.postings[word]
	if n := len(list); n > 0 && list[n-1].doc == i {
		list[n-1].count++
		return
	}
	x.postings[word] = append(list, posting{i, 1})
}

// Search returns at most k documents that hold a word of the query, the best
// first; equal scores keep the order of the corpus.
func (x *BM25) Search(query string, k int) []Hit {
	scores := make(map[int]float64)
	for _, w := range Words(query) {
		idf := x.idf(w)
		for _, p := range x.postings[w] {
			norm := k1 * (1 - b + b*x.length[p.doc]/x.mean)
			scores[p.doc] += idf * p.count * (k1 + 1) / (p.count + norm)
		}
	}
	found := make([]int, 0, len(scores))
	for doc := range scores {
		found = append(found, doc)
	}
	slices.SortFunc(found, func(i, j int) int {
		return cmp.Or(cmp.Compare(scores[j], scores[i]), cmp.Compare(i, j))
	})
	hits := make([]Hit, 0, max(0, min(k, len(found))))
	for _, doc := range found[:cap(hits)] {
		hits = append(hits, Hit{&x.docs[doc], scores[doc]})
	}
	return hits
}

// idf is how telling a word is: the rarer the more.
func (x *BM25) idf(word string) float64 {
	n := float64(len(x.postings[word]))
	return math.Log(1 + (float64(len(x.docs))-n+0.5)/(n+0.5))
}
