package pipeline

import (
	"context"
	"sync"
)

// Map runs work over the inputs on several goroutines and keeps their order.
// It stops handing out work at the first error and returns that error.
func Map[In, Out any](ctx context.Context, width int, inputs []In, work func(context.Context, In) (Out, error)) ([]Out, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	outputs := make([]Out, len(inputs))
	indexes := make(chan int)
	var group sync.WaitGroup
	for range width {
		group.Add(1)
		go func() {
			defer group.Done()
			for index := range indexes {
				output, err := work(ctx, inputs[index])
				if err != nil {
					cancel(err)
					return
				}
				outputs[index] = output
			}
		}()
	}
feed:
	for index := range inputs {
		select {
		case indexes <- index:
		case <-ctx.Done():
			break feed
		}
	}
	close(indexes)
	group.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	return outputs, nil
}
