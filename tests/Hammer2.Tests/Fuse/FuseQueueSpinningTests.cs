// SPDX-License-Identifier: BSD-3-Clause
using Concurrency;
using Fuse.Protocol;
using Xunit;

namespace Hammer2.Tests.Fuse;

/// <summary>
/// Goal: the thread of a queue spins on another processor while one program's requests alternate between queues, and
/// sleeps at its own otherwise. Method: a clock that advances by a step whenever it is read, and entries that record
/// what their threads did.
/// </summary>
public sealed class FuseQueueSpinningTests
{
    private const int Enough = 12;
    private readonly SteppedTime _time = new() { Step = TimeSpan.FromMicroseconds(5) };
    private readonly ScriptedEntry[] _entries = [new ScriptedEntry(), new ScriptedEntry()];
    private readonly FuseQueueSpinning _spinning;

    public FuseQueueSpinningTests() => _spinning = new FuseQueueSpinning(true, _time, SystemScheduler.Instance);

    [Fact]
    public void Requests_that_stay_at_one_queue_are_waited_for_asleep()
    {
        for (int i = 0; i < 10 * Enough; i++) Serve(0);
        Assert.Equal((10 * Enough, 0), (_entries[0].Sleeps, _entries[0].Moves));
    }

    [Fact]
    public void Requests_that_alternate_have_one_thread_spin_elsewhere()
    {
        Alternate();
        ScriptedEntry spinner = Spinner;
        int sleeps = spinner.Sleeps;
        int queue = Array.IndexOf(_entries, spinner);
        for (int i = 0; i < 100; i++)
        {
            spinner.EmptyPolls = 3;
            Serve(queue);
        }
        Assert.Equal(sleeps, spinner.Sleeps);
        Assert.True(spinner.IsElsewhere);
        Assert.Equal(1, _entries[0].Moves + _entries[1].Moves);
    }

    [Fact]
    public void Rare_requests_that_alternate_are_waited_for_asleep()
    {
        _time.Step = TimeSpan.FromMilliseconds(1);
        for (int i = 0; i < 10 * Enough; i++) Serve(i % 2);
        Assert.Equal(0, _entries[0].Moves + _entries[1].Moves);
    }

    [Fact]
    public void Without_requests_it_goes_back_and_sleeps()
    {
        Alternate();
        ScriptedEntry spinner = Spinner;
        int sleeps = spinner.Sleeps;
        spinner.EmptyPolls = int.MaxValue;
        Serve(Array.IndexOf(_entries, spinner));
        Assert.False(spinner.IsElsewhere);
        Assert.Equal(sleeps + 1, spinner.Sleeps);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void When_it_is_disturbed_it_goes_back_and_is_not_tried_again_for_a_while(bool byAnotherQueue)
    {
        Alternate();
        ScriptedEntry spinner = Spinner;
        int queue = Array.IndexOf(_entries, spinner);
        if (byAnotherQueue) Serve(1 - queue);
        else
        {
            spinner.EmptyPolls = 3;
            _time.Step = TimeSpan.FromMilliseconds(3);      // as if another thread ran meanwhile
        }
        Serve(queue);
        Assert.False(spinner.IsElsewhere);
        _time.Step = TimeSpan.FromMicroseconds(1);
        for (int i = 0; i < 4 * Enough; i++) Serve(i % 2);
        Assert.Equal(1, _entries[0].Moves + _entries[1].Moves);
        _time.Step = TimeSpan.FromMilliseconds(10);
        for (int i = 0; i < 4; i++) Serve(0);
        _time.Step = TimeSpan.FromMicroseconds(5);
        Alternate();
        Assert.Equal(2, _entries[0].Moves + _entries[1].Moves);
    }

    [Fact]
    public void Where_there_is_no_other_processor_it_sleeps()
    {
        _entries[0].HasNoOther = _entries[1].HasNoOther = true;
        Alternate();
        for (int i = 0; i < Enough; i++) Serve(i % 2);
        Assert.False(_entries[0].IsElsewhere || _entries[1].IsElsewhere);
    }

    [Fact]
    public void On_a_single_processor_it_never_spins()
    {
        var spinning = new FuseQueueSpinning(false, _time, SystemScheduler.Instance);
        for (int i = 0; i < 10 * Enough; i++) Serve(spinning, i % 2);
        Assert.Equal(0, _entries[0].Moves + _entries[1].Moves);
    }

    private ScriptedEntry Spinner => _entries[0].IsElsewhere ? _entries[0] : _entries[1];

    private void Alternate()
    {
        for (int i = 0; i < 4 * Enough && !_entries[0].IsElsewhere && !_entries[1].IsElsewhere; i++) Serve(i % 2);
    }

    private void Serve(int queue) => Serve(_spinning, queue);

    // The thread of each queue has the number of the queue.
    private void Serve(FuseQueueSpinning spinning, int queue)
    {
        Assert.Equal(0, spinning.Exchange(queue, _entries[queue]));
        spinning.Received(queue, queue, _entries[queue]);
        spinning.Answered(queue);
    }

    private sealed class ScriptedEntry : IFuseQueueEntry
    {
        public int EmptyPolls { get; set; }

        public int Sleeps { get; private set; }

        public int Moves { get; private set; }

        public bool IsElsewhere { get; private set; }

        public bool HasNoOther { get; set; }

        public ReadOnlySpan<byte> Request => default;

        public Span<byte> ReplyBuffer => default;

        public bool IsAnswered => true;

        public int Exchange()
        {
            Assert.False(IsElsewhere);
            Sleeps++;
            EmptyPolls = 0;
            return 0;
        }

        public int TryExchange() => EmptyPolls-- > 0 ? -FuseErrno.EAGAIN : 0;

        public bool TryRunElsewhere()
        {
            if (HasNoOther) return false;
            Moves++;
            return IsElsewhere = true;
        }

        public void RunAtQueue() => IsElsewhere = false;

        public void AwaitAnswer()
        {
        }

        public void Interrupt()
        {
        }

        public int Send(in FuseOutHeader header, ReadOnlySpan<byte> payload) => 0;

        public void Dispose()
        {
        }
    }
}
