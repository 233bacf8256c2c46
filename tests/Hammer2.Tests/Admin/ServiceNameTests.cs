// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Tool.Mounts;
using Xunit;

namespace Hammer2.Tests.Admin;

/// <summary>Goal: a mount made in the initrd outlives it, others end with the system, and either name is
/// understood.</summary>
public sealed class ServiceNameTests
{
    [Fact]
    public void Only_a_process_of_the_initrd_is_marked()
    {
        Assert.Equal("@hammer2", ServiceName.Choose(static path => path == "/etc/initrd-release"));
        Assert.Equal("hammer2", ServiceName.Choose(static path => path == "/etc/os-release"));
    }

    [Theory]
    [InlineData("hammer2")]
    [InlineData("@hammer2")]
    [InlineData("/run/@hammer2")]
    public void The_mark_does_not_change_the_program(string name)
    {
        ToolRun run = ToolRun.ExecuteAs(name, "hash", "DATA");
        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Equal(ToolRun.Execute("hash", "DATA").Text, run.Text);
    }
}
