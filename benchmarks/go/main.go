// The rows of ChannelBenchmark and SelectBenchmark in Go, the mark to reach: ns per element (and
// hop). Prints the median of the repetitions.
//
//	go run benchmarks/go/main.go
package main

import (
	"flag"
	"fmt"
	"sort"
	"sync"
	"time"
)

const elements = 240_000


func measure(name string, repetitions int, run func()) {
	run()
	run()
	var times []float64
	for i := 0; i < repetitions; i++ {
		start := time.Now()
		run()
		times = append(times, float64(time.Since(start).Nanoseconds())/elements)
	}
	sort.Float64s(times)
	fmt.Printf("%-32s %8.1f   (%.1f .. %.1f)\n", name, times[len(times)/2], times[0], times[len(times)-1])
}

func all(tasks ...func()) {
	var group sync.WaitGroup
	for _, task := range tasks {
		group.Add(1)
		go func(task func()) {
			defer group.Done()
			task()
		}(task)
	}
	group.Wait()
}

func sender(to chan *int, n int) func() {
	return func() {
		boxes := boxed()
		for i := 0; i < n; i++ {
			to <- boxes[i&127]
		}
	}
}

func receiver(from chan *int, n int) func() {
	return func() {
		for i := 0; i < n; i++ {
			<-from
		}
	}
}

// boxed gives what Java's cache of small Integers is: pointers to numbers that exist.
func boxed() []*int {
	values := make([]int, 128)
	boxes := make([]*int, 128)
	for i := range values {
		values[i] = i
		boxes[i] = &values[i]
	}
	return boxes
}

func manyToMany(n, capacity int) func() {
	return func() {
		channel := make(chan *int, capacity)
		var tasks []func()
		for i := 0; i < n; i++ {
			tasks = append(tasks, sender(channel, elements/n), receiver(channel, elements/n))
		}
		all(tasks...)
	}
}

func chain(capacity int) func() {
	return func() {
		const length = 1000
		n := elements / length
		in := make(chan *int, capacity)
		tasks := []func(){sender(in, n)}
		for i := 1; i < length; i++ {
			from, to := in, make(chan *int, capacity)
			tasks = append(tasks, func() {
				for k := 0; k < n; k++ {
					to <- <-from
				}
			})
			in = to
		}
		all(append(tasks, receiver(in, n))...)
	}
}

func thousandPairs(capacity int) func() {
	return func() {
		var tasks []func()
		for i := 0; i < 1000; i++ {
			channel := make(chan *int, capacity)
			tasks = append(tasks, sender(channel, elements/1000), receiver(channel, elements/1000))
		}
		all(tasks...)
	}
}

func selectOver(clauses, capacity int) func() {
	return func() {
		channels := make([]chan *int, 4)
		var tasks []func()
		for i := 0; i < clauses; i++ {
			channels[i] = make(chan *int, capacity)
			tasks = append(tasks, sender(channels[i], elements/clauses))
		}
		tasks = append(tasks, func() {
			if clauses == 2 {
				for i := 0; i < elements; i++ {
					select {
					case <-channels[0]:
					case <-channels[1]:
					}
				}
				return
			}
			for i := 0; i < elements; i++ {
				select {
				case <-channels[0]:
				case <-channels[1]:
				case <-channels[2]:
				case <-channels[3]:
				}
			}
		})
		all(tasks...)
	}
}

func main() {
	repetitions := flag.Int("n", 15, "repetitions")
	flag.Parse()
	for _, capacity := range []int{0, 16, 128, 1024} {
		measure(fmt.Sprintf("oneToOne capacity=%d", capacity), *repetitions, manyToMany(1, capacity))
	}
	for _, capacity := range []int{0, 64} {
		measure(fmt.Sprintf("eightToEight capacity=%d", capacity), *repetitions, manyToMany(8, capacity))
	}
	for _, capacity := range []int{0, 16} {
		measure(fmt.Sprintf("chain capacity=%d", capacity), *repetitions, chain(capacity))
		measure(fmt.Sprintf("thousandPairs capacity=%d", capacity), *repetitions, thousandPairs(capacity))
		for _, clauses := range []int{2, 4} {
			measure(fmt.Sprintf("select clauses=%d capacity=%d", clauses, capacity), *repetitions, selectOver(clauses, capacity))
		}
	}
}
