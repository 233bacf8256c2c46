// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using System.Reflection;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Repository;

/// <summary>The octal constants of <see cref="UnixMode"/> against their names.</summary>
public sealed class UnixModeTests
{
    [Fact]
    public void Constants_have_the_values_of_their_octal_names()
    {
        FieldInfo[] constants = [.. typeof(UnixMode).GetFields().Where(field => field.Name[0] == 'O')];
        Assert.NotEmpty(constants);
        Assert.All(constants, field =>
            Assert.Equal(Convert.ToInt32(field.Name[1..], 8), field.GetRawConstantValue()));
    }
}
