// SPDX-License-Identifier: BSD-3-Clause
using Fuse.Protocol;
using Xunit;

namespace Hammer2.Tests.Fuse;

/// <summary>The ring for one command at a time, over the kernel, and what is read to count queues.</summary>
public sealed class IoUringTests
{
    private const byte Nothing = 0;         // IORING_OP_NOP
    private const byte NoOperation = 255;

    [Fact]
    public void Commands_complete_one_after_the_other()
    {
        using IoUring ring = Open();
        Assert.False(ring.TryTake(out _));
        for (int i = 0; i < 10; i++)
        {
            ring.Add(new IoUringSubmission { Opcode = Nothing });
            Assert.Equal(FuseErrno.None, ring.SubmitAndWait());
            Assert.True(ring.TryTake(out int result));
            Assert.Equal(0, result);
            Assert.False(ring.TryTake(out _));
        }
        ring.Add(new IoUringSubmission { Opcode = NoOperation });
        Assert.Equal(FuseErrno.None, ring.SubmitAndWait());
        Assert.True(ring.TryTake(out int refused));
        Assert.Equal(-FuseErrno.EINVAL, refused);
    }

    [Theory]
    [InlineData("0\n", 1)]
    [InlineData("0-1\n", 2)]
    [InlineData("0-3,8,10-11", 7)]
    [InlineData("", null)]
    [InlineData("3-1", null)]
    [InlineData("0-1-2", null)]
    [InlineData("all", null)]
    public void Processors_are_counted(string list, int? total) =>
        Assert.Equal(total, FuseUringQueues.CountProcessors(list));

    [Theory]
    [InlineData(1, 32)]
    [InlineData(8, 32)]
    [InlineData(64, 4)]
    [InlineData(256, 1)]
    [InlineData(257, 0)]
    public void Many_queues_have_few_threads_each(int queues, int threads) =>
        Assert.Equal(threads, FuseQueueWorkers.ThreadsMaxOf(queues));

    private static IoUring Open()
    {
        try
        {
            return new IoUring();
        }
        catch (FuseException failure)
        {
            Assert.Skip(failure.Message);
            throw;
        }
    }
}
