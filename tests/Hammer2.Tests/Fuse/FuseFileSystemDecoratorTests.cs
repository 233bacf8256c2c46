// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using System.Reflection;
using Fuse.Protocol;
using Xunit;

namespace Hammer2.Tests.Fuse;

/// <summary>Goal: a decorator passes on every operation, also those that come later. Method: compares the interface
/// with the methods of the decorator.</summary>
public sealed class FuseFileSystemDecoratorTests
{
    [Fact]
    public void Every_operation_is_passed_on()
    {
        InterfaceMapping map = typeof(FuseFileSystemDecorator).GetInterfaceMap(typeof(IFuseFileSystem));
        Assert.All(map.TargetMethods, method => Assert.True(
            method.DeclaringType == typeof(FuseFileSystemDecorator) && method.IsVirtual, method.Name));
        Assert.Equal(typeof(IFuseFileSystem).GetMethods().Length, map.TargetMethods.Distinct().Count());
    }
}
